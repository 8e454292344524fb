using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

/// <summary>Regular expressions as ECMA-262 has them, on .NET's.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData("b", "abc", "ac")]                            // anywhere
    [InlineData("^a$", "a", "a\n")]                           // $ is the very end
    [InlineData("^a.c$", "a\u0085c", "a\u2028c")]             // . takes all but ECMA's line ends
    [InlineData(@"^\d$", "7", "৪")]
    [InlineData(@"^\D$", "৪", "7")]
    [InlineData(@"^\w+$", "aZ_9", "é")]
    [InlineData(@"^\W$", "é", "_")]
    [InlineData(@"^\s$", "\uFEFF", "\u0085")]                 // .NET has it the other way round
    [InlineData(@"^\S$", "\u0085", "\uFEFF")]
    [InlineData(@"^[\s\S]$", "\n", "ab")]
    [InlineData(@"^[^\d\s]$", "x", "7")]
    [InlineData(@"^[\D]$", "x", "7")]
    [InlineData(@"^\cC\cc$", "\u0003\u0003", "cC")]
    [InlineData(@"^\0\x41\u0042\u{43}\u{1F600}$", "\0ABC😀", "ABC")]
    [InlineData(@"^\uD83D\uDE00$", "😀", "😁")]
    [InlineData(@"^\t\n\v\f\r$", "\t\n\v\f\r", "tnvfr")]
    [InlineData(@"^\^\$\.\*\+\?\(\)\[\]\{\}\|\/\\$", @"^$.*+?()[]{}|/\", "x")]
    [InlineData(@"^\@\-\_$", "@-_", @"\@\-\_")]               // escapes that older scripts use
    [InlineData(@"^{a}]}$", "{a}]}", "a")]
    [InlineData(@"^a{,2}$", "a{,2}", "aa")]
    [InlineData(@"^[]$|^[^]$", "x", "")]                      // nothing, and anything
    [InlineData(@"^[a\-z]$", "-", "b")]
    [InlineData(@"^[a-]$", "-", "b")]
    [InlineData(@"^[\w-.]+$", "a-.", "+")]                    // no range after a set
    [InlineData(@"^[\b]$", "\b", "b")]
    [InlineData(@"^[a-z-[aeiou]]$", "[]", "b")]               // no subtraction: [a-z-[aeiou], then ]
    [InlineData(@"^.$", "😀", "😀😀")]                        // a character, not two units
    [InlineData(@"^.{2}$", "a😀", "😀")]
    [InlineData(@"^[^a]$", "😀", "a")]
    [InlineData(@"^[😀-😅]$", "😃", "😆")]
    [InlineData(@"^(?:😀|b){2}$", "b😀", "😁b")]
    [InlineData(@"^\p{L}+$", "aßж漢𝒜𠀀", "a1")]
    [InlineData(@"^\p{Letter}\p{Lu}\p{gc=Nd}\p{General_Category=Punctuation}$", "aB৪!", "ab4!")]
    [InlineData(@"^\P{L}$", "😀", "𝒜")]
    [InlineData(@"^[\p{L}\p{Nd}_-]+$", "é৪_-", "é ৪")]
    [InlineData(@"^[^\p{L}]$", "1", "é")]
    [InlineData(@"^\p{ASCII}\p{AHex}\p{White_Space}\p{Any}$", "~F\u3000😀", "éF 1")]
    [InlineData(@"\bcat\b", "a cat!", "concat")]
    [InlineData(@"\bé", "aé", "éa")]                          // é is no word character
    [InlineData(@"a\Bb", "ab", "a b")]
    [InlineData(@"^(?=.*[A-Z])(?!.*\s).{3,}$", "abC", "ab C")]
    [InlineData(@"(?<=\$)\d+(?<!0)$", "$15", "15")]
    [InlineData(@"^(a|b)\1$", "bb", "ab")]
    [InlineData(@"^(?<x>a)(b)\k<x>\2$", "abab", "abba")]      // .NET would count the named group last
    [InlineData(@"^(?:(a)|b)\1c$", "bc", "bac")]              // a group that captured nothing is empty
    [InlineData(@"^(?<first>a)|b$", "b", "c")]
    [InlineData(@"^a{2}b{1,}c{0,2}?d*?e+?f??$", "aabde", "abde")]
    [InlineData("", "", null)]
    [InlineData("a||b", "zzz", null)]
    [InlineData("^#[0-9a-f]{6} x$", "#00ff00 x", "#00ff00x")]  // neither comments nor free spacing
    public void A_pattern_means_what_it_means_in_a_script(string pattern, string match, string? mismatch)
    {
        var schema = JsonSchema.Compile(JqValue.Object(("pattern", pattern)));
        Assert.True(schema.IsValid(match), $"{pattern} must match {match}");
        if (mismatch is not null) Assert.False(schema.IsValid(mismatch), $"{pattern} must not match {mismatch}");
    }

    [Theory]
    [InlineData("(", "opens a group that is not closed")]
    [InlineData("a)", "closes a group that was not opened")]
    [InlineData("[a", "opens a class that is not closed")]
    [InlineData("*a", "repeats nothing with *")]
    [InlineData("a**", "repeats nothing with *")]
    [InlineData("{2}", "repeats nothing with braces")]
    [InlineData("^*", "repeats something that has no length")]
    [InlineData("(?=a)*", "repeats something that has no length")]
    [InlineData("a{3,2}", "asks for at least 3 and at most 2 repetitions")]
    [InlineData("\\", "ends with a backslash")]
    [InlineData("[\\", "ends with a backslash")]
    [InlineData(@"\a", @"holds \a, which ECMA-262 does not know there")]
    [InlineData(@"a\Z", "write $ for the end")]
    [InlineData(@"\Aa", "write ^ for the start")]
    [InlineData(@"\u12", "write \\u and four hexadecimal digits")]
    [InlineData(@"\u{110000}", "write \\u and four hexadecimal digits")]
    [InlineData(@"\xg1", "write \\x and two hexadecimal digits")]
    [InlineData(@"\c1", "write \\c and a letter")]
    [InlineData(@"\01", @"holds \0")]
    [InlineData(@"\uD83D", "half of a surrogate pair")]
    [InlineData(@"[\uD800-\uDBFF]", "half of a surrogate pair")]
    [InlineData(@"(a)\2", "refers back to the group 2, which does not exist")]
    [InlineData(@"(?<x>a)\k<y>", "refers back to the group y, which does not exist")]
    [InlineData(@"(?<x>a)(?<x>b)", "names two groups \"x\"")]
    [InlineData(@"(?<1>a)", "must name a group by letters")]
    [InlineData("(?>a)", "ECMA-262 does not have")]
    [InlineData("(?i)a", "ECMA-262 does not have")]
    [InlineData("(?#x)", "ECMA-262 does not have")]
    [InlineData(@"\p{Script=Greek}", "write its ranges")]
    [InlineData(@"\p{}", "is not known here")]
    [InlineData(@"\pL", "must name a property in braces")]
    public void A_pattern_that_is_none_is_refused_with_the_reason(string pattern, string reason)
    {
        var problem = Assert.Single(Schemas.Problems(JqValue.Object(("pattern", pattern))));
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
        Assert.False(JsonSchema.Compile(JqValue.Object(("format", "regex")), new JsonSchemaOptions { AssertFormats = true }).IsValid(pattern));
    }

    [Fact]
    public void A_half_of_a_pair_in_a_text_is_some_other_character()
    {
        Assert.True(JsonSchema.Compile(JqValue.Object(("pattern", "^.$"))).IsValid("\uD83D"));
        Assert.False(JsonSchema.Compile(JqValue.Object(("pattern", "^😀|\\p{L}$"))).IsValid("\uD83D"));
    }

    [Fact]
    public void Whatever_the_reader_takes_dotnet_takes_too() => Properties.Check(RandomSchemas.PatternText, text =>
    {
        if (!JsonSchema.TryCompile(JqValue.Object(("pattern", text)), null, out var schema, out _)) return true;
        foreach (var sample in new[] { "", "a", "ab1_ -", "😀é\n", new string('a', 50) })
        {
            if (schema.IsValid(sample) != schema.Validate(sample).IsValid) return false;
        }
        return true;
    });
}
