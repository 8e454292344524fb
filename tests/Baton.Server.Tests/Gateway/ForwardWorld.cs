using System.Net.Http.Headers;
using System.Text;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>A real server with a model <c>m</c> whose targets are told by the test.</summary>
internal sealed class ForwardWorld : IAsyncDisposable
{
    public const string Key = "sk-upstream-0123456789abcdef";

    private static readonly string[] Sections = ["Gateway", "Usage", "Budgets", "Outbound", "Sockets"];

    private readonly TemporaryFolder folder = new();

    private ForwardWorld()
    {
    }

    public TestServer Server { get; private set; } = null!;

    /// <param name="targets">Their addresses.</param>
    /// <param name="settings">Further settings, those of the model without their prefix.</param>
    public static async Task<ForwardWorld> StartAsync(Uri[] targets, params (string Name, string Value)[] settings)
    {
        var world = new ForwardWorld();
        var key = world.folder.Write("key", Key);
        var values = new Dictionary<string, string?>();
        for (var i = 0; i < targets.Length; i++)
        {
            values[$"Gateway:Models:m:Targets:{i}:BaseUrl"] = new Uri(targets[i], "/v1").ToString();
            values[$"Gateway:Models:m:Targets:{i}:ApiKeyFile"] = key;
            values[$"Gateway:Models:m:Targets:{i}:Name"] = $"t{i}";
        }
        values["Gateway:Models:m:Strategy"] = "priority";
        values["Gateway:Models:m:Retries"] = "0";
        values["Gateway:ProbeInterval"] = "00:00:00";
        values["Sockets:OwnLoops"] = TestServer.IsMarked<IOnFrameworkSockets>() ? "false" : "true";
        foreach (var (name, value) in settings) values[Sections.Contains(name.Split(':')[0], StringComparer.Ordinal) ? name : $"Gateway:Models:m:{name}"] = value;
        world.Server = await TestServer.StartAsync(new TestServer.Settings { Values = values });
        return world;
    }

    public static string Ask(string rest = "") => $$"""{"messages":[{"role":"user","content":"hi"}],"model":"m"{{rest}}}""";

    public static string AskStream { get; } = Ask(""","stream":true""");

    public async Task<Reply> SendAsync(string body, string path = "/v1/chat/completions", params (string Name, string Value)[] headers)
    {
        using var response = await OpenAsync(body, path, headers);
        return new Reply((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Returns when the headers are there.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string body, string path = "/v1/chat/completions", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        folder.Dispose();
    }

    public sealed record Reply(int Status, string Body, HttpResponseHeaders Headers, string? Type)
    {
        public string this[string header] => string.Join(",", Headers.GetValues(header));
    }
}
