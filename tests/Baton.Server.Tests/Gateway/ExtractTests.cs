using Baton.Jq;
using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway;

public sealed class ExtractTests
{
    private const string Text = """
        Parcels leave the depot at six. The van from Bonn
        was late on Tuesday because of snow, e.g. on the
        A 3. Nobody was hurt!

        # Returns
        - A return is paid for 30 days.
        - After that the customer pays postage.

        Dr. Smith runs the depot. She has 4.5 stars.
        """;

    private const string Evidence = """
        --- code src/retry.py:10-14 (commit abcdef1234)
         def send(parcel):
        +    for attempt in range(MAX_RETRIES):
        +        delay = backoff_seconds(attempt)
        -    return post(parcel)

        --- commit message (commit abcdef1234): Retry sending with a growing delay
        +Closes the ticket.
        """;

    [Theory]
    [InlineData("When was the van late?", "The van from Bonn\nwas late on Tuesday because of snow, e.g. on the\nA 3.")]
    [InlineData("For how many days is a return paid?", "- A return is paid for 30 days.")]
    [InlineData("Who runs the depot?", "Dr. Smith runs the depot.")]
    [InlineData("What about the zebra?", "The text says nothing about this.")]
    public async Task A_question_is_answered_by_the_sentences_that_say_most_about_it(string question, string answer) =>
        Assert.Equal(answer, (await AskAsync($"<question>{question}</question>\n<text>\n{Text}</text>")).Text.ReplaceLineEndings("\n"));

    [Fact]
    public async Task Added_lines_of_a_diff_are_quoted_without_their_marks_and_headings_count()
    {
        var answer = await AskAsync($"<question>Sending a parcel is retried with a growing delay</question>\n<text>\n{Evidence}</text>", """{"type":"object","required":["coverage","quotes"],"properties":{"coverage":{"type":"number"},"quotes":{"type":"array","items":{"type":"string"}}}}""");
        var quotes = answer.Output!.Value["quotes"].AsArray().Select(quote => quote.AsString()).ToArray();
        Assert.Contains("for attempt in range(MAX_RETRIES):", quotes);
        Assert.DoesNotContain(quotes, quote => quote.Contains("return post", StringComparison.Ordinal) || quote.StartsWith('+') || quote.StartsWith("---", StringComparison.Ordinal));
        Assert.InRange(answer.Output.Value["coverage"].AsDouble(), 0.3, 1.0);
    }

    [Theory]
    [InlineData("""{"type":"object","required":["quotes"],"additionalProperties":false,"properties":{"quotes":{"type":"array","maxItems":1}}}""", """{"quotes":["Dr. Smith runs the depot."]}""")]
    [InlineData("""{"type":"object","properties":{"answer":{"type":"string"}}}""", """{"answer":"Dr. Smith runs the depot."}""")]
    [InlineData("""{"anyOf":[{"type":"object","required":["verdict"]},{"type":"object","required":["coverage","quotes"]}]}""", """{"coverage":1,"quotes":["Dr. Smith runs the depot."]}""")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", """["Dr. Smith runs the depot."]""")]
    [InlineData("""{"type":"string"}""", "\"Dr. Smith runs the depot.\"")]
    public async Task A_schema_is_filled_with_what_an_extract_has(string schema, string output) =>
        Assert.Equal(output, (await AskAsync($"<question>Who runs the depot?</question><text>{Text}</text>", schema)).Output?.ToJson());

    [Fact]
    public async Task A_schema_that_cannot_be_filled_is_refused_with_what_can()
    {
        var error = await Assert.ThrowsAsync<Engine.WorkflowException>(() => AskAsync($"<question>Who runs the depot?</question><text>{Text}</text>", """{"type":"object","required":["verdict"]}"""));
        Assert.Equal("schema_mismatch", error.Error.Class);
        Assert.Contains("It fills objects with coverage", error.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<text>a </text> b</text><question>q</question>", "q", "a </text> b")]
    [InlineData("Be brief.\n<question>q</question> and <text>a <question>x</question></text> Thanks.", "q", "a <question>x</question>")]
    [InlineData("Who is late?\n\nThe van is late.\n\nThe sun shines.", "Who is late?", "The van is late.\n\nThe sun shines.")]
    [InlineData("The van is late.\n\nThe sun shines.\n\nWho is late?", "Who is late?", "The van is late.\n\nThe sun shines.")]
    [InlineData("Name the one who is late.\n\nThe van is late.", "Name the one who is late.", "The van is late.")]
    public void Question_and_text_are_told_apart(string prompt, string question, string text)
    {
        var input = ExtractInput.Of(GatewayWorld.Ask(prompt));
        Assert.Equal((question, text), (input.Question, input.Text));
    }

    [Fact]
    public void Earlier_messages_are_the_text_and_the_system_message_only_where_there_is_no_other()
    {
        var input = ExtractInput.Of(new() { Origin = GatewayWorld.Origin, Messages = [ModelMessage.System("Be kind."), ModelMessage.User("The van is late."), ModelMessage.User("Who is late?")] });
        Assert.Equal(("Who is late?", "The van is late."), (input.Question, input.Text));
        input = ExtractInput.Of(new() { Origin = GatewayWorld.Origin, Messages = [ModelMessage.System("The van is late."), ModelMessage.User("Who is late?")] });
        Assert.Equal("The van is late.", input.Text);
    }

    [Theory]
    [InlineData("What is the capital of France?", "hold no text")]
    [InlineData("<question>q</question>", "hold no <text>")]
    [InlineData("<question>q</question><text>a", "hold no </text>")]
    [InlineData("<question>q<text>a</text>", "hold no </question>")]
    [InlineData("<question> </question><text>a</text>", "hold no question")]
    public async Task Without_question_or_text_there_is_no_answer(string prompt, string says)
    {
        var error = await Assert.ThrowsAsync<Engine.WorkflowException>(() => AskAsync(prompt));
        Assert.Contains(says, error.Error.Detail, StringComparison.Ordinal);
        Assert.Equal("data_validation", error.Error.Class);
    }

    [Fact]
    public void Quotes_stand_in_the_text_letter_by_letter_and_the_same_input_gives_the_same() => Property.Holds(
        Gen.Zip(Words, Words).ToArbitrary(),
        pair =>
        {
            var (question, text) = (string.Concat(pair.Item1), string.Concat(pair.Item2));
            var (first, second) = (new Extractor(question, text).Take(5), new Extractor(question, text).Take(5));
            return first.Coverage is >= 0 and <= 1 && first.Coverage == second.Coverage && first.Quotes.SequenceEqual(second.Quotes, StringComparer.Ordinal)
                && first.Quotes.All(quote => quote.Length is > 0 and <= Extractor.MaxQuoteChars && text.Contains(quote, StringComparison.Ordinal));
        });

    [Fact]
    public void A_long_line_is_cut_between_words()
    {
        var quote = Assert.Single(new Extractor("parcel", string.Concat(Enumerable.Repeat("parcel post ", 100))).Take(5).Quotes);
        Assert.True(quote.Length <= Extractor.MaxQuoteChars && quote.EndsWith("parcel", StringComparison.Ordinal) || quote.EndsWith("post", StringComparison.Ordinal), quote);
    }

    private static FsCheck.Gen<List<string>> Words =>
        Gen.Elements("parcel", "van", "late", "depot", "the", "Bonn", " ", " ", ". ", ".\n", "\n", "\r\n", "\n\n", "\n--- code a.py:1-2\n", "\n+", "\n-", "\n ", "? ", "🙂", "é", "...", "e.g. ", "# ", "- ", "\t").ListOf(60).Select(list => list.ToList());

    private static async Task<ModelAnswer> AskAsync(string prompt, string? schema = null)
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        return await world.AnswerAsync(GatewayWorld.Ask(prompt, "baton/extract") with { Schema = schema is null ? (JqValue?)null : JqValue.Parse(schema) });
    }
}
