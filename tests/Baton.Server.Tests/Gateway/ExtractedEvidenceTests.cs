using System.Text.Json;
using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.PrConfidence;
using Baton.Server.Tests.PrConfidence;

namespace Baton.Server.Tests.Gateway;

/// <summary>The offline model on what PR confidence gives a model to read: its quotes must stand the look-up.</summary>
public sealed class ExtractedEvidenceTests
{
    private const string Schema = """{"anyOf":[{"type":"object","required":["verdict"]},{"type":"object","required":["coverage","quotes"],"properties":{"coverage":{"type":"number","minimum":0,"maximum":1},"quotes":{"type":"array","items":{"type":"string"}}}}]}""";

    private static readonly ChangeSet Changes = Ranges.Of(
        ("src/retry.py", "def send_parcel(parcel):\n    for attempt in range(MAX_RETRIES):\n        try:\n            return post(parcel)\n        except Timeout:\n            sleep(backoff_delay(attempt))\n"),
        ("docs/labels.md", "# Labels\n\nLabels are printed in two sizes.\n"));

    [Theory]
    [InlineData("A parcel that cannot be sent is retried with a growing delay", true)]
    [InlineData("Invoices are exported as spreadsheets every month", false)]
    public async Task Quotes_of_an_extract_are_found_in_the_range_and_coverage_tells_done_from_not_done(string criterion, bool isDone)
    {
        var match = CrossReferencer.Run(new CrossReferenceRequest(Ranges.Ticket(criterion), Changes)).Criteria.Single();
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var answer = await world.AnswerAsync(new()
        {
            Origin = GatewayWorld.Origin,
            Model = "baton/extract",
            Schema = JqValue.Parse(Schema),
            Messages = [ModelMessage.System("Judge whether the change fulfils the criterion."), ModelMessage.User($"<question>{criterion}</question>\n<text>\n{match.EvidenceText}\n</text>")],
        });
        var extract = JsonSerializer.Deserialize($$"""{"criterion_id":"AC-1","extract":{{answer.Output!.Value.ToJson()}}}""", PrConfidenceJson.Default.ModelAnswer)!.Extract;   // as the workflow hands it on
        Assert.NotNull(extract);
        if (isDone) Assert.InRange(extract.Coverage, 0.5, 1.0);
        else Assert.InRange(extract.Coverage, 0.0, 0.28);
        Assert.Equal(isDone, extract.Quotes.Length > 0);
        var checker = new QuoteChecker(Changes);
        Assert.All(extract.Quotes, quote => Assert.Equal(QuoteStatus.Verified, checker.Check(quote).Status));
    }
}
