using System.Net.Http.Headers;
using System.Text;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Http;

/// <summary>Every endpoint of the server against what no client should send: each answer is a refusal that says where, and the server stays well.</summary>
public class HostileInputTests(HostileInputTests.Shared shared) : IClassFixture<HostileInputTests.Shared>
{
    private static readonly string[] Fields = ["workflow", "input", "labels", "priority", "reason", "type", "id", "source", "specversion", "time", "data", "model", "messages"];

    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        /// <summary>A run that has ended: its stream of events ends at once.</summary>
        public string Run { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            await Server.RegisterAsync("victim", "do: [ { a: { set: '${ . }' } } ]");
            Run = await Server.StartRunAsync("victim");
            await Server.EndAsync(Run);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    /// <summary>Must be refused, with the place.</summary>
    private static IEnumerable<(string Name, byte[] Bytes, string Type)> Malformed()
    {
        const string Json = "application/json";
        yield return ("2 MB", Encoding.UTF8.GetBytes($"{{\"type\":\"{new string('x', 2 * 1024 * 1024)}\"}}"), Json);
        yield return ("100,000 lists deep", Encoding.UTF8.GetBytes(new string('[', 100_000)), Json);
        yield return ("100,000 objects deep", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))), Json);
        yield return ("not UTF-8", [(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}'], Json);
        yield return ("overlong UTF-8", [(byte)'"', 0xc0, 0xaf, (byte)'"'], Json);
        yield return ("UTF-16", Encoding.Unicode.GetBytes("{\"type\":\"x\"}"), Json);
        yield return ("duplicate keys", """{"type":"a","type":"b"}"""u8.ToArray(), Json);
        yield return ("truncated", """{"type":"a","""u8.ToArray(), Json);
        yield return ("two values", "{}{}"u8.ToArray(), Json);
        yield return ("a raw NUL", "{\"type\":\"a\0b\"}"u8.ToArray(), Json);
        yield return ("a NUL alone", "\0"u8.ToArray(), Json);
        yield return ("nonsense", "nul"u8.ToArray(), Json);
        yield return ("another type", "{}"u8.ToArray(), "text/plain");
        yield return ("a form", "a=b"u8.ToArray(), "application/x-www-form-urlencoded");
        yield return ("XML", "<a/>"u8.ToArray(), "application/xml");
    }

    /// <summary>May be understood or refused.</summary>
    private static IEnumerable<(string Name, byte[] Bytes, string Type)> Odd()
    {
        const string Json = "application/json";
        yield return ("empty", [], Json);
        yield return ("a byte order mark", [0xef, 0xbb, 0xbf, (byte)'{', (byte)'}'], Json);
        yield return ("a list", "[]"u8.ToArray(), Json);
        yield return ("a text", "\"x\""u8.ToArray(), Json);
        yield return ("a huge number", Encoding.UTF8.GetBytes($"{{\"priority\":{new string('9', 900_000)}}}"), Json);
        yield return ("a number beyond all", """{"priority":1e400,"data":-1e400,"input":1e-400}"""u8.ToArray(), Json);
        yield return ("100,000 fields", Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, 70_000).Select(i => $"\"f{i}\":1"))}}}"), Json);
        yield return ("a long name", Encoding.UTF8.GetBytes($"{{\"{new string('n', 900_000)}\":1}}"), Json);
        foreach (var field in Fields)
        {
            foreach (var value in (string[])["null", "true", "5", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"a\\u0000b/\\udc00@\\u202e\"", "[]", "{}", "[[]]", """{"a":{}}""", """{"\u0000":"\u0000"}""", """{"":""}"""])
            {
                yield return ($"{field} {value}", Encoding.UTF8.GetBytes($"{{\"{field}\":{value}{(field == "type" ? "" : ",\"type\":\"t\"")}}}"), Json);
                if (field != "workflow") yield return ($"a run with {field} {value}", Encoding.UTF8.GetBytes($"{{\"workflow\":\"test/victim\",\"{field}\":{value}}}"), Json);
            }
        }
    }

    [Fact]
    public async Task Every_body_that_is_malformed_is_refused_with_its_place()
    {
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.TakesBody))
        {
            foreach (var (name, bytes, type) in Malformed())
            {
                var answer = await PostAsync(endpoint, bytes, type);
                if (Fault(endpoint, answer, mustRefuse: true) is { } fault) faults.Add($"{endpoint}, {name}: {fault}");
            }
        }
        Assert.Empty(faults);
        await Server.WorksAsync();
    }

    [Fact]
    public async Task No_odd_body_is_a_fault_of_the_server()
    {
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.TakesBody))
        {
            foreach (var (name, bytes, type) in Odd())
            {
                var answer = await PostAsync(endpoint, bytes, type);
                if (Fault(endpoint, answer, mustRefuse: false) is { } fault) faults.Add($"{endpoint}, {name}: {fault}");
                if (answer.Text.Length > 20_000 && answer.Status >= 400) faults.Add($"{endpoint}, {name}: a refusal of {answer.Text.Length} characters");
            }
        }
        Assert.Empty(faults);
        foreach (var path in (string[])["/api/v1/runs?limit=500", "/api/v1/workflows", "/api/v1/schedules"]) (await Server.GetAsync(path)).Ok();
        await Server.WorksAsync();
    }

    [Fact]
    public async Task Every_value_in_a_path_that_names_nothing_is_refused()
    {
        string[] values =
        [
            "x", "%01", "%0A%0D", "%FF", "%", "%zz", "%u0041", "%C0%AF", "%E2%80%AE", "%2F", "%5C", "..%2f..%2fetc%2fpasswd", "run_", "run_00000000000000000000000000000000", "run_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "%F0%9F%8E%BB", "'%20OR%201=1--", "@", "a@b", "{id}", "*", new string('9', 40), new string('x', 10_000), string.Concat(Enumerable.Repeat("%20", 3_000)),
        ];
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.PathParameters.Count > 0))
        {
            foreach (var parameter in endpoint.PathParameters)
            {
                foreach (var value in values)
                {
                    // The name of a signal is free: what is refused there is the run's state.
                    var answer = await SendRawAsync(endpoint, endpoint.Path(name => name == parameter ? value : Known(name)));
                    if (Fault(endpoint, answer, mustRefuse: true, isPath: true) is { } fault) faults.Add($"{endpoint}, {parameter}={value[..Math.Min(40, value.Length)]}: {fault}");
                }
            }
        }
        Assert.Empty(faults);
        await Server.WorksAsync();
    }

    [Fact]
    public async Task Every_parameter_is_named_when_it_is_not_understood()
    {
        string[] values = ["", "x", "%00", "%01", "%FF", "%", "%zz", "-1", "1e9", "99999999999999999999", "%F0%9F%8E%BB", "a=b=c", "'", new string('x', 10_000), "2026-13-45T99:00:00Z"];
        var faults = new List<string>();
        foreach (var endpoint in ApiEndpoint.All(Server).Where(endpoint => endpoint.IsApi))
        {
            var path = endpoint.Path(Known);
            if (endpoint.Parameters is null)
            {
                faults.Add($"{endpoint} does not say which parameters it takes");
                continue;
            }
            foreach (var parameter in endpoint.Parameters.All.Where(parameter => parameter.In == Microsoft.OpenApi.ParameterLocation.Query))
            {
                foreach (var value in values)
                {
                    var answer = await SendRawAsync(endpoint, $"{path}?{parameter.Name}={value}");
                    if (Fault(endpoint, answer, mustRefuse: false) is { } fault) faults.Add($"{endpoint}, {parameter.Name}={value[..Math.Min(40, value.Length)]}: {fault}");
                }
            }
            foreach (var unknown in (string[])["nonsense", "%00", "%F0%9F%8E%BB", "Limit", "a[]"])
            {
                var answer = await SendRawAsync(endpoint, $"{path}?{unknown}=1");
                if (answer.Status != 400 || !answer.Pointers(400).SequenceEqual([$"query/{Uri.UnescapeDataString(unknown)}"])) faults.Add($"{endpoint} takes ?{unknown}=1: {answer.Status} {answer.Text}");
            }
        }
        Assert.Empty(faults);
        await Server.WorksAsync();
    }

    [Fact]
    public async Task Every_document_that_is_none_is_refused_with_its_place()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        var head = TestServer.Document("evil", "");
        (string, string)[] documents =
        [
            ("empty", ""), ("a comment", "# nothing"), ("a text", "hello"), ("a list", "- a"), ("null", "~"), ("aliases of aliases", $"{bomb}{head}"), ("an alias of itself", "a: &a [ *a ]"), ("an unknown alias", "a: *b"),
            ("deep flow", new string('[', 100_000)), ("deep mapping", string.Concat(Enumerable.Repeat("{a: ", 100_000))), ("deep block", string.Concat(Enumerable.Range(0, 1_000).Select(i => $"{new string(' ', i)}a:\n"))),
            ("2 MB", $"{head}do: [ {{ a: {{ set: {{ t: \"{new string('x', 2_000_000)}\" }} }} }} ]"), ("just under 1 MB", $"{head}x: \"{new string('x', 1_000_000)}\""), ("many values", $"{head}x: [{string.Join(',', Enumerable.Repeat("1", 300_000))}]"),
            ("a tag", "!!python/object/apply:os.system [ls]"), ("tabs", "document:\n\tdsl: 1.0.3"), ("two documents", $"{head}---\n{head}"), ("keys twice", $"{head}do: []\ndo: []"), ("a key that is a list", "? [a, b]\n: c"), ("a NUL", "a: \"\\0\"\nb: \0"),
            ("unknown fields", $"{head}do: [ {{ a: {{ set: {{ n: 1 }} }} }} ]\nsecret: 1"), ("an expression that is none", $"{head}do: [ {{ a: {{ set: '${{ .a | }}' }} }} ]"), ("a deep expression", $"{head}do: [ {{ a: {{ set: '${{ {new string('(', 50_000)}1{new string(')', 50_000)} }}' }} }} ]"),
            ("a bad pattern", $"{head}input: {{ schema: {{ document: {{ pattern: '(((((' }} }} }}\ndo: [ {{ a: {{ set: {{ n: 1 }} }} }} ]"), ("a name that is none", TestServer.Document("'../../x'", "do: [ { a: { set: { n: 1 } } } ]")), ("a version that is none", TestServer.Document("x", "do: [ { a: { set: { n: 1 } } } ]", "one")),
            ("numbers", $"{head}do: [ {{ a: {{ wait: {{ seconds: 1e400 }} }} }} ]"), ("a cron that is none", $"{head}schedule: {{ cron: '99 99 * * *' }}\ndo: [ {{ a: {{ set: {{ n: 1 }} }} }} ]"), ("merge keys", "a: &a { b: 1 }\n<<: *a"), ("many tasks", $"{head}do: [ {{ a: {{ sett: 1 }} }}{string.Concat(Enumerable.Range(0, 5_000).Select(i => $", {{ t{i}: {{ sett: 1 }} }}"))} ]"),
        ];
        var faults = new List<string>();
        var endpoint = ApiEndpoint.All(Server).Single(endpoint => endpoint.ToString() == "POST /api/v1/workflows");
        foreach (var (name, text) in documents)
        {
            var answer = await PostAsync(endpoint, Encoding.UTF8.GetBytes(text), "application/yaml");
            if (Fault(endpoint, answer, mustRefuse: true) is { } fault) faults.Add($"{name}: {fault}");
            if (answer.Text.Length > 50_000) faults.Add($"{name}: a refusal of {answer.Text.Length} characters");
        }
        Assert.Empty(faults);
        await Server.WorksAsync();
    }

    private string Known(string parameter) => parameter switch
    {
        "id" => shared.Run,
        "space" => "test",
        "name" => "victim",
        "version" => "1.0.0",
        "type" => "victim",
        _ => "x",
    };

    /// <summary>What is wrong with an answer; null for nothing.</summary>
    private static string? Fault(ApiEndpoint endpoint, Answer answer, bool mustRefuse, bool isPath = false)
    {
        if (answer.Status >= 500) return $"{answer.Status} {answer.Text}";
        if (answer.Status < 400) return mustRefuse && endpoint.IsApi ? $"{answer.Status} {answer.Text}" : null;
        if (endpoint.IsForeign) return null;
        if (answer.Text.Length == 0 && answer.MediaType is null && answer.Status == 400) return "a refusal without a word";
        var problem = answer.Problem(answer.Status);
        return problem.TryGetProperty("errors", out _) || isPath || answer.Status is 404 or 405 or 409 || problem.GetProperty("type").GetString() is "urn:baton:problem:invalid-workflow" ? null : $"no place: {answer.Text}";
    }

    private Task<Answer> PostAsync(ApiEndpoint endpoint, byte[] bytes, string type)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return Server.SendAsync(new HttpRequestMessage(HttpMethod.Parse(endpoint.Method), endpoint.Path(Known)) { Content = content });
    }

    /// <summary>Sends an address letter by letter as it stands.</summary>
    private Task<Answer> SendRawAsync(ApiEndpoint endpoint, string path)
    {
        var uri = new Uri($"{Server.Address.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        return Server.SendAsync(new HttpRequestMessage(HttpMethod.Parse(endpoint.Method), uri));
    }
}

public sealed class HostileInputOnPostgres(HostileInputTests.Shared shared) : HostileInputTests(shared), IOnPostgres;
