using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

public sealed class NumberTests
{
    [Theory]
    [InlineData("0.01", "0.07", true)]
    [InlineData("0.01", "19.99", true)]
    [InlineData("0.01", "0.075", false)]
    [InlineData("0.1", "0.3", true)]
    [InlineData("0.1", "1e308", true)]
    [InlineData("1e-8", "12391239123", true)]
    [InlineData("0.123456789", "1e308", false)]
    [InlineData("3", "9007199254740993", true)]
    [InlineData("3", "9007199254740992", false)]
    [InlineData("7", "777777777777777777777777777777777777", true)]
    [InlineData("7", "777777777777777777777777777777777778", false)]
    [InlineData("1e400", "3e401", true)]
    [InlineData("1e400", "1e399", false)]
    [InlineData("2.5", "-7.5", true)]
    [InlineData("5", "0", true)]
    [InlineData("5", "-0.0", true)]
    [InlineData("123456789012345678901234567890", "370370367037037036703703703670", true)]
    [InlineData("123456789012345678901234567890", "370370367037037036703703703671", false)]
    [InlineData("0.00000000000000000000000000001", "1", true)]
    [InlineData("1.5e-300", "3e-300", true)]
    public void A_multiple_is_told_exactly(string divisor, string value, bool isValid) => Assert.Equal(isValid, Schemas.IsValid($$"""{"multipleOf":{{divisor}}}""", value));

    [Theory]
    [InlineData("""{"maximum":9007199254740992}""", "9007199254740993", false)]
    [InlineData("""{"maximum":9007199254740993}""", "9007199254740993", true)]
    [InlineData("""{"exclusiveMinimum":0.1}""", "0.1000000000000000000001", true)]
    [InlineData("""{"minimum":1e400}""", "1e401", true)]
    [InlineData("""{"minimum":1e400}""", "1e308", false)]
    [InlineData("""{"const":10000000000000000}""", "1e16", true)]
    [InlineData("""{"const":1.0}""", "1", true)]
    [InlineData("""{"const":9007199254740992}""", "9007199254740993", false)]
    [InlineData("""{"enum":[1e400,{"a":[-0.0]}]}""", "10e399", true)]
    [InlineData("""{"enum":[1e400,{"a":[-0.0]}]}""", """{"a":[0]}""", true)]
    [InlineData("""{"uniqueItems":true}""", "[1,2,3,4,5,6,7,8,9,10,100000000000000000000,1e20]", false)]
    [InlineData("""{"uniqueItems":true}""", "[1,2,3,4,5,6,7,8,9,10,100000000000000000001,1e20]", true)]
    [InlineData("""{"uniqueItems":true}""", "[1,2,3,4,5,6,7,8,9,10,9007199254740993.0,9007199254740993]", false)]
    public void Numbers_are_compared_by_exact_value(string schema, string instance, bool isValid) => Assert.Equal(isValid, Schemas.IsValid(schema, instance));

    [Theory]
    [InlineData("1", true)]
    [InlineData("1.0", true)]
    [InlineData("-0.0", true)]
    [InlineData("1e3", true)]
    [InlineData("1e400", true)]
    [InlineData("123456789012345678901234567890", true)]
    [InlineData("1.5", false)]
    [InlineData("1e-400", false)]
    [InlineData("3.00000000000000000000000001", false)]
    [InlineData("9007199254740993.5", false)]
    [InlineData("\"1\"", false)]
    public void An_integer_is_any_number_without_a_fraction(string value, bool isValid) => Assert.Equal(isValid, Schemas.IsValid("""{"type":"integer"}""", value));

    [Fact]
    public void Numbers_that_only_programs_make_have_a_verdict_too()
    {
        var integer = Schemas.Compile("""{"type":"integer"}""");
        Assert.False(integer.IsValid(double.NaN));
        Assert.True(integer.IsValid(double.PositiveInfinity));   // written as the largest double
        Assert.False(Schemas.Compile("""{"multipleOf":3}""").IsValid(double.NaN));
        Assert.False(Schemas.Compile("""{"minimum":0}""").IsValid(double.NaN));
        Assert.True(Schemas.Compile("""{"type":"number"}""").IsValid(double.NaN));
        Assert.False(Schemas.Compile("""{"maximum":1}""").IsValid(JqValue.Parse("1e2000000000")));
    }

    [Fact]
    public void Equal_values_are_found_in_large_arrays_whatever_they_are() => Properties.Check(RandomSchemas.Value, value =>
    {
        var filler = Enumerable.Range(0, 40).Select(i => JqValue.Array("filler", i)).ToArray();
        var unique = Schemas.Compile("""{"uniqueItems":true}""");
        var choice = JsonSchema.Compile(JqValue.Object(("enum", JqValue.Array([.. filler, value]))));
        return unique.IsValid(JqValue.Array([.. filler, value])) && !unique.IsValid(JqValue.Array([value, .. filler, JqValue.Parse(value.ToJson())]))
            && choice.IsValid(JqValue.Parse(value.ToJson())) && !choice.IsValid(JqValue.Array("filler", 40));
    });
}
