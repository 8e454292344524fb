using System.Text.Json;
using Baton.Client;
using Baton.Jq;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class LlmRunTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("baton-llm-");

    [Fact]
    public async Task A_document_asks_a_model_and_the_journal_says_what_it_took()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, """{"count": 3}"""));
        await using var server = await StartAsync(upstream.Address);
        var (output, journal) = await RunAsync(server, """
            do:
              - ask:
                  call: llm
                  with:
                    model: test
                    system: Count.
                    prompt: ${ "How many in " + .city + "?" }
                    schema: { type: object, required: [count], properties: { count: { type: integer } } }
            """, """{"city":"Bonn"}""");
        Assert.Equal("""{"text":"{\"count\": 3}","model":"test","finish_reason":"stop","usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18},"output":{"count":3}}""", output.ToJson());
        Assert.Contains("\"prompt_tokens\":11", journal, StringComparison.Ordinal);
        Assert.Contains("\"request_hash\":", journal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_map_asks_a_model_for_every_item()
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
            await Replies.WholeAsync(http, $$"""{"said":{{body["messages"][-1]["content"].ToJson()}}}""");
        });
        await using var server = await StartAsync(upstream.Address);
        var (output, journal) = await RunAsync(server, """
            do:
              - ask_all:
                  call: map
                  with:
                    in: .ids
                    do:
                      - ask:
                          call: llm
                          with: { model: test, prompt: '${ $item }', schema: { type: object, required: [said] } }
                          output: { as: '${ { criterion_id: $item, model: .model, extract: .output } }' }
            """, """{"ids":["AC-1","AC-2"]}""");
        Assert.Equal("""[{"criterion_id":"AC-1","model":"test","extract":{"said":"AC-1"}},{"criterion_id":"AC-2","model":"test","extract":{"said":"AC-2"}}]""", output.ToJson());
        Assert.Equal(2, journal.Split("\"request_hash\":").Length - 1);
    }

    [Theory]
    [InlineData("{ model: test }", "llm needs 'prompt' or 'messages'; both are missing or null.")]
    [InlineData("{ prompt: a, messages: [ { role: user, content: a } ] }", "llm takes 'prompt' or 'messages', not both.")]
    [InlineData("{ messages: [ { role: wizard, content: a } ] }", "llm has the role 'wizard' in 'messages[0]'; there are system, developer, user, assistant.")]
    [InlineData("{ prompt: a, temperature: 3 }", "llm needs 'temperature' to be a number from 0 to 2.")]
    [InlineData("{ prompt: a, max_tokens: 0 }", "llm needs 'max_tokens' to be a whole number from 1 to 2147483647.")]
    [InlineData("{ prompt: a, model: tst }", "There is no model 'tst' here. Nearest are: test, ")]
    [InlineData("{ prompt: a, model: test, schema: { type: text } }", "The JSON Schema for the answer cannot be used. `/type` ")]
    public async Task What_cannot_be_asked_is_said_with_its_reason(string with, string detail)
    {
        await using var server = await StartAsync(new Uri("http://127.0.0.1:1"));
        var (output, _) = await RunAsync(server, $$"""
            do:
              - ask:
                  try: [ { call: { call: llm, with: {{with}} } } ]
                  catch: { as: error, do: [ { told: { set: '${ $error }' } } ] }
            """, "{}");
        Assert.StartsWith(detail, output["detail"].AsString(), StringComparison.Ordinal);
        Assert.Equal("data_validation", output["class"].AsString());
    }

    public void Dispose() => folder.Delete(recursive: true);

    private Task<RunningServer> StartAsync(Uri upstream) => RunningServer.StartAsync(
        new HostSettings
        {
            Port = 0,
            Database = Path.Combine(folder.FullName, "runs.db"),
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Critical,
            Values = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Gateway:Models:test:BaseUrl"] = new Uri(upstream, "/v1").ToString(), ["Gateway:DefaultModel"] = "test" },
        }, [], TestContext.Current.CancellationToken);

    private static async Task<(JqValue Output, string Journal)> RunAsync(RunningServer server, string tasks, string input)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var handler = new HttpClientHandler();
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        var client = new BatonClient(http);
        await client.Workflows.RegisterAsync($"document: {{ dsl: '1.0.3', namespace: test, name: ask, version: '1.0.0' }}\n{tasks}", revise: false, cancel);
        var run = await client.Runs.StartAsync(new StartRun("test/ask", JsonDocument.Parse(input).RootElement), null, cancel);
        await foreach (var _ in client.Runs.EventsAsync(run.Id, TimeProvider.System, cancel))
        {
        }
        var result = await client.Runs.ResultAsync(run.Id, cancel);
        Assert.True(result.Error is null, result.Error?.ToString());
        var journal = await client.Runs.JournalAsync(run.Id, -1, 500, cancel);
        return (JqValue.Parse(JsonSerializer.Serialize(result.Output)), JsonSerializer.Serialize(journal.Items));
    }
}
