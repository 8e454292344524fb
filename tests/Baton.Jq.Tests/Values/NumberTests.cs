namespace Baton.Jq.Tests.Values;

public sealed class NumberTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "-0")]
    [InlineData("1.0", "1")]
    [InlineData("1e2", "100")]
    [InlineData("100000", "100000")]
    [InlineData("1000000000000000", "1000000000000000")]
    [InlineData("0.1", "0.1")]
    [InlineData("1e-5", "1e-05")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("0.00001234", "1.234e-05")]
    [InlineData("1e17", "1e+17")]
    [InlineData("1.5e300", "1.5e+300")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("123456.789", "123456.789")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("1234567890123456.7", "1234567890123456.7")]
    [InlineData("0.30000000000000004", "0.30000000000000004")]
    [InlineData("1.23456789012345e20", "123456789012345000000")]
    public void A_number_that_a_double_holds_prints_as_jq_prints_it(string json, string expected) =>
        Assert.Equal(expected, JqValue.Parse(json).ToJson());

    [Theory]
    [InlineData("13911860366432393", "13911860366432393")]
    [InlineData("100000000000000000000", "100000000000000000000")]
    [InlineData("10000000000000000", "10000000000000000")]
    [InlineData("-9007199254740993", "-9007199254740993")]
    [InlineData("1E+1000", "1E+1000")]
    [InlineData("1e1000", "1E+1000")]
    [InlineData("-12.50e1000", "-1.250E+1001")]
    [InlineData("1e-1000", "1E-1000")]
    [InlineData("0.12345678901234567890123456789", "0.12345678901234567890123456789")]
    [InlineData("0.000000123456789012345678901", "1.23456789012345678901E-7")]
    [InlineData("123.4567890123456789", "123.4567890123456789")]
    public void A_literal_that_no_double_holds_keeps_its_digits(string json, string expected) =>
        Assert.Equal(expected, JqValue.Parse(json).ToJson());

    [Fact]
    public void Literals_compare_by_their_exact_value()
    {
        Assert.NotEqual(JqValue.Parse("13911860366432393"), JqValue.Parse("13911860366432392"));
        Assert.Equal(JqValue.Parse("1E+1000"), JqValue.Parse("10e999"));
        Assert.True(JqValue.Parse("1E+1000") < JqValue.Parse("1.1E+1000"));
        Assert.True(JqValue.Parse("-1E+1000") < JqValue.Parse("-1E+999"));
        Assert.True(JqValue.Parse("1E+1000") < (JqValue)double.PositiveInfinity);
        Assert.True(JqValue.Parse("-1E+1000") > (JqValue)double.NegativeInfinity);
        Assert.True(JqValue.Parse("0.1") < JqValue.Parse("0.1000000000000000055511151231257827"));
        Assert.True(JqValue.Parse("0") < JqValue.Parse("1e-1000"));
    }

    [Fact]
    public void Numbers_that_no_json_can_write_are_written_as_jq_writes_them()
    {
        Assert.Equal("null", ((JqValue)double.NaN).ToJson());
        Assert.Equal("1.7976931348623157e+308", ((JqValue)double.PositiveInfinity).ToJson());
        Assert.Equal("-1.7976931348623157e+308", ((JqValue)double.NegativeInfinity).ToJson());
    }

    [Fact]
    public void Every_pattern_of_bits_is_a_number()
    {
        foreach (var bits in new[] { 0x7FF8_0000_0000_00FFL, 0x7FF8_0000_0000_00FEL, 0x7FF8_0000_0000_00FDL, 0L, 1L, 2L })
        {
            Assert.Equal(JqKind.Number, ((JqValue)BitConverter.Int64BitsToDouble(bits)).Kind);
        }
    }
}
