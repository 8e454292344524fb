using FsCheck;
using FsCheck.Fluent;

namespace Baton.Jq.Tests.Values;

public sealed class OrderTests
{
    [Fact]
    public void Kinds_strings_arrays_and_objects_sort_as_in_jq()
    {
        string[] sorted =
        [
            "null", "false", "true", "-1", "2", "10", "\"\"", "\"ab\"", "\"abc\"", "\"b\"", "\"\uFFFD\"", "\"😀\"",
            "[]", "[2]", "[2,5]", "[10]", "{}", "{\"a\":42}", "{\"a\":42,\"b\":2}", "{\"a\":[],\"b\":1}", "{\"b\":0}",
        ];
        var values = sorted.Select(json => JqValue.Parse(json)).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            for (var j = 0; j < values.Length; j++) Assert.Equal(Math.Sign(i - j), Math.Sign(values[i].CompareTo(values[j])));
        }
    }

    [Fact]
    public void Equality_ignores_the_order_of_keys()
    {
        var (a, b) = (JqValue.Parse("""{"x":1,"y":{"p":[1],"q":2}}"""), JqValue.Parse("""{"y":{"q":2,"p":[1]},"x":1.0}"""));
        Assert.True(a == b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.False(a == JqValue.Parse("""{"x":1,"z":{"p":[1],"q":2}}"""));
    }

    [Fact]
    public void The_order_is_total() => Prop.ForAll(
        RandomValues.Arbitrary, RandomValues.Arbitrary, RandomValues.Arbitrary,
        (a, b, c) =>
        {
            var (ab, bc, ac) = (a.CompareTo(b), b.CompareTo(c), a.CompareTo(c));
            return a.CompareTo(a) == 0
                && Math.Sign(ab) == -Math.Sign(b.CompareTo(a))
                && (ab == 0) == a.Equals(b)
                && (ab != 0 || a.GetHashCode() == b.GetHashCode())
                && !(ab <= 0 && bc <= 0 && ac > 0)
                && !(ab == 0 && Math.Sign(bc) != Math.Sign(ac));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_reads_back_equal() => Prop.ForAll(
        RandomValues.Arbitrary,
        value => JqValue.Parse(value.ToJson()) == value && JqValue.Parse(value.ToUtf8Bytes()).ToJson() == value.ToJson()).QuickCheckThrowOnFailure();
}
