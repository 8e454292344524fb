using Baton.Jq;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>A real server with a model <c>m</c> whose target speaks chat completions only, and <c>native</c>, whose target speaks responses itself. Both say which question it was: <c>Answer 1.</c></summary>
internal sealed class ResponsesWorld : IAsyncDisposable
{
    public const string Ada = "key-of-ada-in-a-0123456789", Bob = "key-of-bob-in-b-0123456789";

    /// <summary>An id as they are made here, which nobody has.</summary>
    public const string ByNobody = "resp_0199a0b0c0d070008000000000000000";

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string?> values = [];

    private ResponsesWorld(WebServer upstream) => Upstream = upstream;

    public WebServer Upstream { get; }

    public TestServer Server { get; private set; } = null!;

    /// <summary>What the targets were asked, with the path in front.</summary>
    public List<(string Path, JqValue Body)> Asked { get; } = [];

    /// <summary>What they answer in place of their own words; null for those.</summary>
    public Func<HttpContext, JqValue, Task>? Answers { get; set; }

    public static async Task<ResponsesWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        ResponsesWorld world = null!;
        world = new ResponsesWorld(await WebServer.StartAsync(http => world.AnswerAsync(http)));
        var url = new Uri(world.Upstream.Address, "/v1").ToString();
        foreach (var (name, value) in ((string, string)[])[("m:BaseUrl", url), ("m:Responses", "false"), ("native:BaseUrl", url), ("claude:BaseUrl", url), ("claude:Dialect", "anthropic"), .. settings])
        {
            world.values[name.StartsWith("Gateway:", StringComparison.Ordinal) ? name : $"Gateway:Models:{name}"] = value;
        }
        await world.RestartAsync();
        return world;
    }

    /// <summary>On the same database.</summary>
    public async Task RestartAsync()
    {
        if (Server is not null) await Server.DisposeAsync();
        Server = await TestServer.StartAsync(new TestServer.Settings { Values = values, Folder = folder, Keys = $"a:ada:{Ada}\nb:bob:{Bob}\n" });
    }

    /// <param name="rest">Of the body, behind the model.</param>
    public Task<Answer> AskAsync(string rest, string key = Ada, string model = "m", params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, "/v1/responses", key, $$"""{"model":"{{model}}",{{rest}}}""", headers);

    /// <summary>Asks, and expects an answer.</summary>
    public async Task<JqValue> RespondAsync(string rest, string model = "m") => JqValue.Parse((await AskAsync(rest, model: model)).Ok().Text);

    /// <summary>Asks for a stream, and expects it to end well.</summary>
    public async Task<JqValue> StreamAsync(string rest, string model = "m")
    {
        var events = (await AskAsync($"""{rest},"stream":true""", model: model)).Ok().Text;
        var last = events.Split('\n').Last(line => line.StartsWith("data: ", StringComparison.Ordinal));
        return JqValue.Parse(last["data: ".Length..])["response"];
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string key = Ada, string? body = null, params (string Name, string Value)[] headers)
    {
        using var http = Server.HttpClient(key);
        if (body is not null) return await Server.PostAsync(path, body, http, headers);
        return await Server.SendAsync(new HttpRequestMessage(method, path), http);
    }

    public Task<Answer> GetAsync(string path, string key = Ada) => SendAsync(HttpMethod.Get, path, key);

    public Task<JqValue> SayAsync(bool isStream, string rest) => isStream ? StreamAsync(rest) : RespondAsync(rest);

    /// <summary>The messages that a target was asked with.</summary>
    public IEnumerable<string> Messages(int at) => Asked[at].Body["messages"].AsArray().AsSpan().ToArray().Select(message => $"{message["role"].AsString()} {message["content"].AsString()}");

    public async Task<JqValue> ListAsync(JqValue response, string query = "") => JqValue.Parse((await GetAsync($"/v1/responses/{Id(response)}/input_items{query}")).Ok().Text);

    public async Task RunAsync(string script) => await Server.Get<Database>().WriteAsync(statements =>
    {
        statements.RunScript(script);
        return true;
    });

    /// <summary>How many responses are stored.</summary>
    public async Task<long> CountAsync() => await Server.Get<Database>().WriteAsync(statements =>
    {
        var count = statements["SELECT count(*) FROM responses"];
        count.Step();
        var found = count.Long(0);
        count.Reset();
        return found;
    });

    public static string Id(JqValue response) => response["id"].AsString();

    public static string Text(JqValue response) => response["output"][0]["content"][0]["text"].AsString();

    public static IEnumerable<string> Texts(JqValue list) => list["data"].AsArray().AsSpan().ToArray().Select(item => item["content"][0]["text"].AsString());

    public static JqValue Error(Answer answer, int status) => JqValue.Parse(answer.Ok(status).Text)["error"];

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Upstream.DisposeAsync();
        folder.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var body = JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
        int number;
        lock (Asked)
        {
            Asked.Add((http.Request.Path.Value!, body));
            number = Asked.Count;
        }
        if (Answers is not null) await Answers(http, body);
        else if (http.Request.Path.Value == "/v1/responses") await Replies.JsonAsync(http, """{"id":"resp_native","object":"response","status":"completed","output":[]}""");
        else if (body["stream"] == true) await Replies.StreamAsync(http, Replies.Chunk("Answer "), Replies.Chunk($"{number}."), Replies.Finish(), Replies.Usage, Replies.Done);
        else await Replies.WholeAsync(http, $"Answer {number}.");
    }
}
