using Baton.Server.Words;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class TokenizerTests
{
    [Theory]
    [InlineData("parseTrackingNumber", "parse tracking number")]
    [InlineData("HTTPServerError", "http server error")]
    [InlineData("snake_case_name", "snake case name")]
    [InlineData("kebab-case-name", "kebab case name")]
    [InlineData("sha256Sum", "sha 256 sum")]
    [InlineData("v2", "v 2")]
    [InlineData("X-Parcel-Signature", "x parcel signature")]
    [InlineData("a.b::c#d", "a b c d")]
    [InlineData("Größe_messen", "größe messen")]
    [InlineData("", "")]
    [InlineData("--- ??? ---", "")]
    public void Identifiers_are_split_into_words(string text, string words) =>
        Expect.Texts(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), Tokenizer.Words(text));

    [Fact]
    public void Prose_and_code_meet_in_the_same_terms() =>
        Expect.Texts(Tokenizer.Terms("parse the HTTP responses"), Tokenizer.Terms("parseHTTPResponse"));

    [Fact]
    public void Stop_words_single_letters_and_abbreviations_are_dealt_with() =>
        Expect.Texts(Tokenizer.Terms("configuration message 42"), Tokenizer.Terms("the user should be able to use a cfg msg x 42"));

    // Pairs from the vocabulary that accompanies the paper.
    [Theory]
    [InlineData("caresses", "caress")]
    [InlineData("ponies", "poni")]
    [InlineData("cats", "cat")]
    [InlineData("feed", "feed")]
    [InlineData("agreed", "agre")]
    [InlineData("plastered", "plaster")]
    [InlineData("bled", "bled")]
    [InlineData("motoring", "motor")]
    [InlineData("sing", "sing")]
    [InlineData("conflated", "conflat")]
    [InlineData("troubled", "troubl")]
    [InlineData("sized", "size")]
    [InlineData("hopping", "hop")]
    [InlineData("tanned", "tan")]
    [InlineData("falling", "fall")]
    [InlineData("hissing", "hiss")]
    [InlineData("fizzed", "fizz")]
    [InlineData("failing", "fail")]
    [InlineData("filing", "file")]
    [InlineData("happy", "happi")]
    [InlineData("sky", "sky")]
    [InlineData("relational", "relat")]
    [InlineData("conditional", "condit")]
    [InlineData("rational", "ration")]
    [InlineData("valenci", "valenc")]
    [InlineData("digitizer", "digit")]
    [InlineData("radicalli", "radic")]
    [InlineData("differentli", "differ")]
    [InlineData("vietnamization", "vietnam")]
    [InlineData("predication", "predic")]
    [InlineData("operator", "oper")]
    [InlineData("feudalism", "feudal")]
    [InlineData("decisiveness", "decis")]
    [InlineData("hopefulness", "hope")]
    [InlineData("callousness", "callous")]
    [InlineData("formaliti", "formal")]
    [InlineData("sensitiviti", "sensit")]
    [InlineData("sensibiliti", "sensibl")]
    [InlineData("triplicate", "triplic")]
    [InlineData("formative", "form")]
    [InlineData("formalize", "formal")]
    [InlineData("electriciti", "electr")]
    [InlineData("electrical", "electr")]
    [InlineData("hopeful", "hope")]
    [InlineData("goodness", "good")]
    [InlineData("revival", "reviv")]
    [InlineData("allowance", "allow")]
    [InlineData("inference", "infer")]
    [InlineData("airliner", "airlin")]
    [InlineData("gyroscopic", "gyroscop")]
    [InlineData("adjustable", "adjust")]
    [InlineData("defensible", "defens")]
    [InlineData("irritant", "irrit")]
    [InlineData("replacement", "replac")]
    [InlineData("adjustment", "adjust")]
    [InlineData("dependent", "depend")]
    [InlineData("adoption", "adopt")]
    [InlineData("homologou", "homolog")]
    [InlineData("communism", "commun")]
    [InlineData("activate", "activ")]
    [InlineData("angulariti", "angular")]
    [InlineData("homologous", "homolog")]
    [InlineData("effective", "effect")]
    [InlineData("bowdlerize", "bowdler")]
    [InlineData("probate", "probat")]
    [InlineData("rate", "rate")]
    [InlineData("cease", "ceas")]
    [InlineData("controll", "control")]
    [InlineData("roll", "roll")]
    [InlineData("as", "as")]
    [InlineData("größen", "größen")]
    public void Words_are_stemmed_as_in_Porters_paper(string word, string stem) => Assert.Equal(stem, PorterStemmer.Stem(word));

    [Fact]
    public void Any_text_gives_terms_that_are_letters_and_digits() => Property.Holds(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        Tokenizer.Terms(text.Get).All(term => term.Length > 0 && term.All(char.IsLetterOrDigit)) && Tokenizer.Words(text.Get)
            .All(word => word.Length is > 0 and <= 60));

    [Fact]
    public void The_terms_of_two_texts_are_those_of_each_in_turn() => Property.Holds(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        Tokenizer.Terms(text.Get + " | " + text.Get).SequenceEqual(Tokenizer.Terms(text.Get).Concat(Tokenizer.Terms(text.Get)), StringComparer.Ordinal));
}

/// <summary>FsCheck with a fixed seed: a property that fails, fails in every run.</summary>
internal static class Property
{
    private static readonly Config Fixed = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20_260_302UL, 4_711UL);

    public static void Holds<T>(Arbitrary<T> values, Func<T, bool> body) => Check.One(Fixed, Prop.ForAll(values, body));

    public static void HoldsAsync<T>(Arbitrary<T> values, Func<T, Task<bool>> body) => Check.One(Fixed, Prop.ForAll(values, body));
}
