using System.Collections.Frozen;
using System.Text;

namespace Baton.TestBed;

/// <summary>A host for models that answers by what comes first in the path: <c>/cut/v1/chat/completions</c> is answered and cut. Each fault comes as a stream and in one piece, as it is asked for.</summary>
public sealed class FaultyHost : IAsyncDisposable
{
    /// <summary>At a port that nothing listens on; one after the other of those that can be told before an answer has begun, and then a good one.</summary>
    public const string Refuse = "refuse", Chain = "chain";

    private const string
        Whole = """{"choices":[{"index":0,"message":{"role":"assistant","content":"three parcels"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":3,"total_tokens":7}}""",
        Event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n",
        End = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"total_tokens\":7}}\n\ndata: [DONE]\n\n";

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    /// <summary>What a host does to a request. Ends the connection where it returns false.</summary>
    private static readonly FrozenDictionary<string, Func<RawConnection, bool, Task<bool>>> Hosts = new Dictionary<string, Func<RawConnection, bool, Task<bool>>>(StringComparer.Ordinal)
    {
        ["well"] = async (to, isStream) =>
        {
            await to.WriteAsync(Head(isStream) + (isStream ? Piece(Event + Event + Event) + Piece(End) : Piece(Whole)) + Piece(""));
            return true;
        },
        ["reset"] = (to, _) =>
        {
            to.Reset();
            return Task.FromResult(false);
        },
        ["limited"] = (to, _) => RefuseAsync(to, "429 Too Many Requests"),
        ["error"] = (to, _) => RefuseAsync(to, "500 Internal Server Error"),
        ["slow"] = async (to, isStream) =>
        {
            await Task.Delay(Slow, TimeProvider.System, to.Stopping);
            return await Hosts!["well"](to, isStream);
        },
        ["silent"] = async (to, _) =>
        {
            await to.StallAsync();
            return false;
        },
        ["stall"] = async (to, isStream) =>
        {
            await to.WriteAsync(Head(isStream) + Piece(isStream ? Event : Whole[..40]));
            await to.StallAsync();
            return false;
        },
        ["cut"] = async (to, isStream) =>   // in the middle of a chunk
        {
            await to.WriteAsync(Head(isStream) + (isStream ? Piece(Event + Event) + "ff\r\n" + Event[..30] : "ff\r\n" + Whole[..30]));
            return false;
        },
        ["garbage"] = async (to, isStream) =>
        {
            await to.WriteAsync(isStream ? Head(isStream) + Piece("\u0001\u0002data\n\n{{{\n\ndata: }\n\n") + Piece("") : "ICY 200 \u0001\u0002\r\n\r\n\r\n");
            return false;
        },
        ["half"] = async (to, isStream) =>   // of a character
        {
            byte[] half = [.. Encoding.ASCII.GetBytes("data: {\"choices\":[{\"delta\":{\"content\":\"x"), 0xC3];
            await to.WriteAsync([.. Encoding.ASCII.GetBytes($"{Head(isStream)}{half.Length:x}\r\n"), .. half]);
            await to.WriteAsync("\r\n" + Piece("\"}}]}\n\n") + (isStream ? Piece(End) : "") + Piece(""));
            return true;
        },
        ["bytes"] = async (to, isStream) =>
        {
            await to.WriteAsync(Head(isStream));
            foreach (var one in isStream ? Event + End : Whole) await to.WriteAsync(Piece(one.ToString()));
            await to.WriteAsync(Piece(""));
            return true;
        },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly RawServer server = new(AnswerAsync);
    private readonly int closed = RawServer.ClosedPort();

    /// <summary>Names of models, one for each fault.</summary>
    public static IReadOnlyList<string> Models { get; } = [.. Hosts.Keys.Order(StringComparer.Ordinal), Refuse, Chain];

    /// <summary>Settings of a server for which they are such models, without <c>Gateway:</c> before them.</summary>
    public IEnumerable<(string Name, string Value)> Settings =>
        from model in Models
        from target in (model == Chain ? [Refuse, "reset", "error", "garbage", "limited", "well"] : new[] { model }).Index()
        from setting in new[] { ("BaseUrl", $"http://127.0.0.1:{(target.Item == Refuse ? closed : server.Port)}/{target.Item}/v1"), ("Name", $"t{target.Index}"), ("Price:Output", "1000000") }
        select ($"Models:{model}:Targets:{target.Index}:{setting.Item1}", setting.Item2);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static async Task AnswerAsync(RawConnection connection)
    {
        while (await connection.ReadRequestAsync() is { Length: > 0 } request)
        {
            if (!Hosts.TryGetValue(request.Split('/', 3)[1], out var host)) throw new InvalidOperationException($"No fault is planned for {request}");
            if (!await host(connection, request.Contains("\"stream\":true", StringComparison.Ordinal))) return;
        }
    }

    private static async Task<bool> RefuseAsync(RawConnection to, string status)
    {
        const string Body = """{"error":{"message":"no"}}""";
        await to.WriteAsync($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        return true;
    }

    private static string Head(bool isStream) => $"HTTP/1.1 200 OK\r\nContent-Type: {(isStream ? "text/event-stream" : "application/json")}\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static string Piece(string text) => $"{text.Length:x}\r\n{text}\r\n";
}
