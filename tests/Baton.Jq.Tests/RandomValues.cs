using FsCheck;
using FsCheck.Fluent;

namespace Baton.Jq.Tests;

/// <summary>Random JSON values that a text can carry: no NaN, no infinity.</summary>
internal static class RandomValues
{
    private static readonly Gen<string> Texts = Gen.Elements(
        "", "a", "b", "ab", "abc", "key", "x y", "é", "\uFFFD", "😀", "😀a", "\0", "\n\"\\", "a,b;c", "12", "null", "2015-03-05T23:51:47Z");

    private static readonly Gen<JqValue> Numbers = Gen.OneOf(
        Gen.Choose(-3, 3).Select(number => (JqValue)number),
        ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite).Select(number => (JqValue)number),
        ArbMap.Default.GeneratorFor<long>().Select(number => (JqValue)number),
        Gen.Elements("9007199254740993", "9007199254740992", "9007199254740992.0", "1E+1000", "-1E+1000", "1E-1000", "0.1", "0.10000000000000000555", "-0")
            .Select(text => JqValue.Parse(text)));

    private static readonly Gen<JqValue> Scalars = Gen.OneOf(
        Gen.Elements(JqValue.Null, JqValue.True, JqValue.False), Numbers, Texts.Select(text => (JqValue)text));

    public static Gen<JqValue> Generator { get; } = Gen.Sized(size => OfSize(Math.Min(size, 24)));

    public static Arbitrary<JqValue> Arbitrary { get; } = Generator.ToArbitrary();

    private static Gen<JqValue> OfSize(int size) => size <= 1
        ? Scalars
        : Gen.Frequency(
            (3, Scalars),
            (2, Parts(size).SelectMany(parts => OfSize(size / parts).ArrayOf(parts)).Select(elements => JqValue.Array(elements))),
            (2, Parts(size).SelectMany(parts => Gen.Zip(Texts, OfSize(size / parts)).ArrayOf(parts)).Select(Members)));

    private static Gen<int> Parts(int size) => Gen.Choose(1, Math.Min(size, 12));

    private static JqValue Members((string, JqValue)[] members) => JqValue.Object(members);
}
