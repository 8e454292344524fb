using System.Net;
using System.Text;
using Baton.Jq;
using Baton.Server.Tests.Storage;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>Stored responses of real processes, several over one database, one of them killed.</summary>
public sealed class ResponseProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_was_told_a_response_goes_on_from_it_at_another_node_though_the_first_is_killed_at_once(bool isStream)
    {
        using var folder = new TemporaryFolder();
        var url = await Postgres.NewSchemaAsync();
        var asked = new List<string>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            lock (asked) asked.Add(body);
            if (body.Contains("\"stream\":true", StringComparison.Ordinal)) await Replies.StreamAsync(http, Replies.Chunk("The Loire."), Replies.Finish(), Replies.Usage, Replies.Done);
            else await Replies.WholeAsync(http, "The Loire.");
        });
        var (one, at) = await ServeAsync("one");
        await using var first = one;
        var (two, there) = await ServeAsync("two");
        await using var second = two;
        using var here = BatonProcess.Connect(at);
        using var away = BatonProcess.Connect(there);

        var told = await AskAsync(here, $$"""{"model":"m","stream":{{(isStream ? "true" : "false")}},"input":"A river in France?"}""");
        await one.KillAsync();
        var id = (isStream ? LastEvent(told)["response"] : JqValue.Parse(told))["id"].AsString();
        await AskAsync(away, $$"""{"model":"m","input":"And one in Spain?","previous_response_id":"{{id}}"}""");

        var messages = JqValue.Parse(asked[^1])["messages"].AsArray().Select(message => $"{message["role"].AsString()}: {message["content"].AsString()}");
        Assert.Equal(["user: A river in France?", "assistant: The Loire.", "user: And one in Spain?"], messages);
        Assert.Equal("completed", JqValue.Parse(await away.GetStringAsync($"/v1/responses/{id}", Cancel))["status"].AsString());
        using var removed = await away.DeleteAsync($"/v1/responses/{id}", Cancel);
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        var (again, anew) = await ServeAsync("one");
        await using var restarted = again;
        using var back = BatonProcess.Connect(anew);
        using var gone = await back.GetAsync($"/v1/responses/{id}", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        Task<(BatonProcess, Uri)> ServeAsync(string node) => BatonProcess.ServeAsync(folder.Path, url, ["--node", node], ("BATON_GATEWAY__MODELS__M__BASEURL", upstream["/v1"].ToString()), ("BATON_GATEWAY__MODELS__M__RESPONSES", "false"));
    }

    private static JqValue LastEvent(string stream) => JqValue.Parse(stream.Split('\n').Last(line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..]);

    private static async Task<string> AskAsync(HttpClient http, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("/v1/responses", content, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }
}
