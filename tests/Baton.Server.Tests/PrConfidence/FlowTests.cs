using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Server.PrConfidence;
using Baton.Server.Tests.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>The workflow that ships, run by a whole server on the example that ships; models are scripted.</summary>
public sealed class FlowTests : IDisposable
{
    private static readonly string Example = Path.Combine(AppContext.BaseDirectory, "examples", "pr-confidence");

    private readonly TemporaryFolder home = new();

    public void Dispose() => home.Dispose();

    private async Task<string> UnpackAsync() => Assert.IsType<UnpackResult.Unpacked>(await new RepositoryBundle(TimeProvider.System)
        .UnpackAsync(Path.Combine(Example, "parcel-tracker.bundle"), home["repo"], TestContext.Current.CancellationToken)).Repo;

    private static Task<TestServer> StartAsync(Uri? model = null, params (string Name, string Value)[] settings) => TestServer.StartAsync(new TestServer.Settings
    {
        Values = new Dictionary<string, string?>(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Name, setting.Value)))
        {
            ["Gateway:Models:judge:BaseUrl"] = new Uri(model ?? new Uri("http://127.0.0.1:1"), "/v1").ToString(),
            ["Gateway:Models:judge:ApiKeyFile"] = null,
        },
    });

    private static async Task<Client.RunResult> RunAsync(TestServer server, JsonObject input)
    {
        var answer = (await server.PostAsync("/api/v1/runs", new JsonObject { ["workflow"] = "pr-confidence", ["input"] = input }.ToJsonString())).Ok(202);
        return await server.EndAsync(answer["id"].GetString()!);
    }

    private async Task<Client.RunResult> RunAsync(TestServer server, string? model = null)
    {
        var input = new JsonObject { ["repo"] = Directory.Exists(home["repo"]) ? home["repo"] : await UnpackAsync(), ["base"] = "main", ["head"] = "feature/webhooks", ["ticket"] = Path.Combine(Example, "ticket.md") };
        if (model is not null) input["model"] = model;
        return await RunAsync(server, input);
    }

    private static JsonElement Report(Client.RunResult result)
    {
        Assert.True(result.State == "completed", $"{result.Error}");
        return result.Output!.Value.GetProperty("report");
    }

    private static string[] Verdicts(JsonElement report, string member) => [.. report.GetProperty("cross_reference_analysis").GetProperty("criteria").EnumerateArray()
        .Select(criterion => criterion.GetProperty("verdict").TryGetProperty(member, out var value) ? value.ToString() : "")];

    [Fact]
    public async Task Without_a_model_the_text_itself_answers_and_nothing_leaves_the_machine()
    {
        await using var server = await StartAsync();
        var report = Report(await RunAsync(server));
        var prompts = report.GetProperty("prompts_used")[0];
        Assert.Equal(("baton/extract", 7), (prompts.GetProperty("model").GetString(), prompts.GetProperty("calls").GetInt32()));
        Assert.True(prompts.GetProperty("prompt_tokens").GetInt32() > 0);
        Assert.Equal(["met", "met", "met", "met", "met", "missing", "met"], Verdicts(report, "verdict"));
        Assert.All(Verdicts(report, "is_extract"), value => Assert.Equal("True", value));
        Assert.Equal("docs/operations.md", report.GetProperty("documentation").GetProperty("mentions")[0].GetProperty("file").GetString());
        Assert.Equal(report.GetProperty("summary_metrics").GetProperty("total_steps").GetInt32(), report.GetProperty("analysis_steps").GetArrayLength());
        Assert.Equal(7, report.GetProperty("analysis_steps").EnumerateArray().Count(step => step.GetProperty("name").GetString() == "ask_model"));
    }

    [Fact]
    public async Task A_model_is_asked_about_each_criterion_and_its_quotes_are_looked_up()
    {
        var asked = new List<string>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = JsonElement.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
            var messages = body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString()!).ToArray();
            lock (asked) asked.Add(messages[^1]);
            var isCleanup = messages[^1].Contains("nightly cleanup job", StringComparison.Ordinal);
            await Replies.WholeAsync(http, isCleanup
                ? """{"verdict":"missing","confidence":0.9,"evidence":[],"reasoning":"Nothing purges."}"""
                : """{"verdict":"met","confidence":0.9,"evidence":["class Invented:"],"reasoning":"It is there."}""");
        });
        await using var server = await StartAsync(upstream.Address);
        var report = Report(await RunAsync(server, "judge"));
        Assert.Equal(7, asked.Count);
        Assert.All(asked, prompt => Assert.Matches(@"(?s)^<question>\n.+\n</question>\n\n<text>\n.+\n</text>$", prompt));
        Assert.Equal("judge", report.GetProperty("prompts_used")[0].GetProperty("model").GetString());
        Assert.Equal(["met", "met", "met", "met", "met", "missing", "met"], Verdicts(report, "by_model"));
        // An invented quote was looked up and not found: what is left of 0.9 is 0.27.
        Assert.Equal("0.27", Verdicts(report, "checked_model_confidence")[0]);
        Assert.Equal("0.9", Verdicts(report, "checked_model_confidence")[5]);
    }

    [Fact]
    public async Task A_model_that_does_not_answer_leaves_its_criteria_to_the_words_and_the_report_says_so()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}""", StatusCodes.Status401Unauthorized));
        await using var server = await StartAsync(upstream.Address);
        var result = await RunAsync(server, "judge");
        var report = Report(result);
        Assert.Equal(["met", "met", "met", "met", "met", "missing", "met"], Verdicts(report, "verdict"));
        var note = Assert.Single(report.GetProperty("notes").EnumerateArray(), note => note.GetProperty("code").GetString() == "model_failed").GetProperty("message").GetString()!;
        Assert.StartsWith("The model left 7 of 7 questions without an answer", note, StringComparison.Ordinal);
        Assert.Contains("Incorrect API key", note, StringComparison.Ordinal);
        Assert.Contains("Notes", result.Output!.Value.GetProperty("display").GetProperty("tables").EnumerateArray().Select(table => table.GetProperty("title").GetString()));
    }

    [Fact]
    public async Task A_model_that_nobody_configured_fails_the_run_before_anything_is_asked()
    {
        await using var server = await StartAsync();
        var result = await RunAsync(server, "jugde");
        Assert.Equal(("failed", "/do/4/write_questions"), (result.State, result.Error!.Instance));
        Assert.Contains("judge", result.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("base", "no-such-branch", "/do/1/collect_range", "does not exist")]
    [InlineData("repo", "/no/such/folder", "/do/1/collect_range", "/no/such/folder")]
    [InlineData("ticket", "/no/such/ticket.md", "/do/0/read_ticket", "does not exist")]
    [InlineData("ticket", "ticket.md", "/do/0/read_ticket", "give an absolute path")]
    [InlineData("ticket", "/tmp", "/do/0/read_ticket", "The ticket /tmp is a folder; give the file in it.")]
    [InlineData("repo", "/etc/passwd", "/do/1/collect_range", "is not a Git repository")]
    [InlineData("base", "mian", "/do/1/collect_range", "did you mean 'main'?")]
    public async Task What_cannot_be_read_is_named(string name, string value, string place, string expected)
    {
        await using var server = await StartAsync();
        var input = new JsonObject { ["repo"] = await UnpackAsync(), ["base"] = "main", ["head"] = "feature/webhooks", ["ticket"] = Path.Combine(Example, "ticket.md") };
        input[name] = value;
        var result = await RunAsync(server, input);
        Assert.Equal(("failed", place), (result.State, result.Error!.Instance));
        Assert.Contains(expected, result.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error.Detail, StringComparison.Ordinal);
        Assert.Matches(@"[^.?!][.?]$", result.Error.Detail);
    }

    [Fact]
    public async Task Paths_outside_of_the_roots_are_not_read()
    {
        await using var server = await StartAsync(settings: ("PrConfidence:Roots:0", home.Path));
        var result = await RunAsync(server);
        Assert.Equal(("failed", "/do/0/read_ticket"), (result.State, result.Error!.Instance));
        Assert.Contains("PrConfidence:Roots", result.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_type_of_the_workflow_is_an_address_of_its_own()
    {
        await using var server = await StartAsync();
        var input = new JsonObject { ["repo"] = await UnpackAsync(), ["base"] = "main", ["head"] = "main", ["ticket"] = Path.Combine(Example, "ticket.md") };
        var answer = (await server.PostAsync("/workflows/ai/pr_confidence_analysis", input.ToJsonString())).Ok();
        Assert.Equal("completed", answer["state"].GetString());
        Assert.StartsWith("The range changes nothing.", answer["output"].GetProperty("report").GetProperty("final_report").GetProperty("summary").GetString(), StringComparison.Ordinal);
    }
}
