using System.IO.Compression;
using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

public sealed class HttpCallTests
{
    /// <summary>Answers with what it was sent.</summary>
    private static Task<WebServer> EchoAsync() => WebServer.StartAsync(async http =>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var headers = JqValue.EmptyObject;
        foreach (var (name, value) in http.Request.Headers) headers = headers.With(name.ToLowerInvariant(), value.ToString());
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(JqValue.Object(
            ("method", http.Request.Method),
            ("path", http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget),
            ("headers", headers),
            ("body", Encoding.UTF8.GetString(body.ToArray()))).ToJson());
    });

    private static Task<WebServer> AnswerAsync(int status, string? type = null, string body = "", params (string Name, string Value)[] headers) => WebServer.StartAsync(async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        foreach (var (name, value) in headers) http.Response.Headers[name] = value;
        if (body.Length > 0) await http.Response.WriteAsync(body);
    });

    [Fact]
    public async Task The_query_of_a_call_follows_the_query_of_its_address()
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var sent = await world.CallAsync(OutboundWorld.Get(server["/a%2Fb/?x=1#part"]) with
        {
            Query = OutboundWorld.Values(("tag", JqValue.Array("a b", "ü&=", 2)), ("on", true), ("none", JqValue.Null), ("n", 1.5)),
        });
        Assert.Equal("/a%2Fb/?x=1&tag=a%20b&tag=%C3%BC%26%3D&tag=2&on=true&n=1.5", sent["path"].AsString());
        Assert.Equal("GET", sent["method"].AsString());
        Assert.Equal("", sent["body"].AsString());
    }

    [Theory]
    [InlineData("""{"a":[1,2]}""", null, "application/json", """{"a":[1,2]}""")]
    [InlineData("\"text\"", null, "application/json", "\"text\"")]
    [InlineData("\"text\"", "application/vnd.x+json", "application/vnd.x+json", "\"text\"")]
    [InlineData("\"<a/>\"", "application/xml", "application/xml", "<a/>")]
    [InlineData("\"ü\"", "text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1", "\uFFFD")]
    [InlineData("""{"a":"x y","b":[1,true],"c":null,"ü":"&"}""", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "a=x+y&b=1&b=true&%C3%BC=%26")]
    [InlineData("\"a=b\"", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "a=b")]
    [InlineData("false", "application/json", "application/json", "false")]
    public async Task A_body_is_written_as_its_content_type_says(string body, string? type, string sentType, string sentBody)
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var sent = await world.CallAsync(OutboundWorld.Post(server.Address, JqValue.Parse(body), type));
        Assert.Equal(sentType, sent["headers"]["content-type"].AsString());
        Assert.Equal(sentBody, sent["body"].AsString());
    }

    [Fact]
    public async Task A_multipart_body_has_a_part_for_each_member()
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var body = JqValue.Object(("name", "Rex"), ("ev\"il\r\n", 1));
        var sent = await world.CallAsync(OutboundWorld.Post(server.Address, body, "multipart/form-data"));
        var boundary = sent["headers"]["content-type"].AsString().Split("boundary=")[1];
        Assert.Equal(
            $"--{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nRex\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"ev%22il%0D%0A\"\r\n\r\n1\r\n--{boundary}--\r\n",
            sent["body"].AsString());
        Assert.Equal(sent, await world.CallAsync(OutboundWorld.Post(server.Address, body, "multipart/form-data")));   // a repetition is the same
    }

    [Theory]
    [InlineData("[1]", "text/plain", "must be a string")]
    [InlineData("""{"a":1}""", "text/plain", "must be a string")]
    [InlineData("""{"a":{"b":1}}""", "application/x-www-form-urlencoded", "The form field 'a'")]
    [InlineData("\"a\"", "no type", "no content type")]
    public async Task A_body_that_its_content_type_cannot_carry_is_refused_before_anything_is_sent(string body, string type, string reason)
    {
        await using var server = new RawServer(connection => connection.StallAsync());
        using var world = new OutboundWorld();
        var e = await world.FailAsync(OutboundWorld.Post(server.Address, JqValue.Parse(body), type));
        Assert.Equal((ErrorTypes.Validation, ErrorClass.DataValidation), (e.Error.Type, e.Class));
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task An_expression_that_found_nothing_sends_no_body()
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var sent = await world.CallAsync(OutboundWorld.Post(server.Address, JqValue.Null));
        Assert.Equal("", sent["body"].AsString());
        Assert.True(sent["headers"]["content-type"].IsNull);
    }

    [Fact]
    public async Task A_content_type_without_a_body_is_sent_all_the_same()
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var sent = await world.CallAsync(OutboundWorld.Get(server.Address) with { Headers = OutboundWorld.Headers(("content-type", "application/json")) });
        Assert.Equal("application/json", sent["headers"]["content-type"].AsString());
    }

    [Theory]
    [InlineData("get", null)]
    [InlineData("HEAD", null)]
    [InlineData("Options", null)]
    [InlineData("post", "run_01980000000070008000000000000001//do/0/t%C3%A4sk%20%25")]
    [InlineData("delete", "run_01980000000070008000000000000001//do/0/t%C3%A4sk%20%25")]
    [InlineData("PURGE", "run_01980000000070008000000000000001//do/0/t%C3%A4sk%20%25")]
    public async Task A_method_that_changes_something_carries_the_steps_idempotency_key(string method, string? key)
    {
        string? seen = null;
        var seenMethod = "";
        await using var server = await WebServer.StartAsync(http =>
        {
            seen = http.Request.Headers["Idempotency-Key"];
            seenMethod = http.Request.Method;
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld();
        await world.Calls.PerformAsync(OutboundWorld.Get(server.Address) with { Method = method }, OutboundWorld.Step("/do/0/täsk %"));
        Assert.Equal(key, seen);
        Assert.Equal(method.ToUpperInvariant(), seenMethod);
    }

    [Fact]
    public async Task A_documents_own_idempotency_key_stays_and_a_long_one_is_shortened_to_what_servers_take()
    {
        await using var server = await EchoAsync();
        using var world = new OutboundWorld();
        var own = await world.CallAsync(OutboundWorld.Post(server.Address, 1) with { Headers = OutboundWorld.Headers(("idempotency-key", "mine")) });
        Assert.Equal("mine", own["headers"]["idempotency-key"].AsString());
        var step = OutboundWorld.Step(new string('k', 500));
        var first = await world.Calls.PerformAsync(OutboundWorld.Post(server.Address, 1), step);
        Assert.Equal(first, await world.Calls.PerformAsync(OutboundWorld.Post(server.Address, 1), step with { Attempt = 2 }));
        Assert.InRange(first["headers"]["idempotency-key"].AsString().Length, 64, 255);
    }

    [Theory]
    [InlineData("application/json", """{"a":1}""", """{"a":1}""")]
    [InlineData("application/problem+json; charset=utf-8", "[1]", "[1]")]
    [InlineData("text/plain", "", "\"\"")]
    [InlineData("text/html; charset=utf-8", "<p>ü</p>", "\"<p>ü</p>\"")]
    [InlineData("application/xml", "<a/>", "\"<a/>\"")]
    [InlineData("application/x-ndjson", "{}\n{}\n", "\"{}\\n{}\\n\"")]
    [InlineData("application/octet-stream", "abc", "\"YWJj\"")]
    [InlineData("image/png", "abc", "\"YWJj\"")]
    [InlineData(null, "abc", "\"YWJj\"")]
    [InlineData("not a type", "abc", "\"YWJj\"")]
    [InlineData("application/json", "", "null")]
    [InlineData(null, "", "null")]
    public async Task The_content_type_says_what_an_answer_is(string? type, string body, string expected)
    {
        await using var server = await AnswerAsync(200, type, body);
        using var world = new OutboundWorld();
        Assert.Equal(JqValue.Parse(expected), await world.GetAsync(server.Address));
        var raw = await world.CallAsync(OutboundWorld.Get(server.Address) with { Output = HttpOutput.Raw });
        Assert.Equal(body.Length == 0 ? JqValue.Null : Convert.ToBase64String(Encoding.UTF8.GetBytes(body)), raw);
    }

    [Theory]
    [InlineData("text/plain; charset=iso-8859-1", "E9")]
    [InlineData("text/plain; charset=\"windows-1252\"", "E9")]
    [InlineData("text/plain; charset=utf-16le", "E900")]
    [InlineData("text/plain; charset=iso-8859-1", "EFBBBFC3A9")]
    [InlineData("text/plain", "FFFEE900")]
    [InlineData("text/plain; charset=nobody-knows", "C3A9")]
    public async Task Text_is_decoded_by_its_byte_order_mark_or_its_charset(string type, string hex)
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = type;
            await http.Response.Body.WriteAsync(Convert.FromHexString(hex));
        });
        using var world = new OutboundWorld();
        Assert.Equal("é", (await world.GetAsync(server.Address)).AsString());
    }

    [Fact]
    public async Task Json_that_is_none_is_a_bad_answer()
    {
        await using var server = await AnswerAsync(200, "application/json", "<html>");
        using var world = new OutboundWorld();
        var e = await world.FailAsync(server.Address);
        Assert.Equal((ErrorTypes.Communication, 502, "Invalid Response"), (e.Error.Type, e.Error.Status, e.Error.Title));
    }

    [Fact]
    public async Task The_response_output_tells_of_both_sides_without_the_credentials()
    {
        await using var server = await AnswerAsync(201, "application/json", """{"id":1}""", ("X-Two", "b"));
        using var world = new OutboundWorld();
        var answer = await world.CallAsync(OutboundWorld.Post(server["/pets?api_key=s3cret&page=2"], 1) with
        {
            Output = HttpOutput.Response,
            Headers = OutboundWorld.Headers(("X-Api-Key", "k1"), ("Cookie", "c1"), ("Accept", "text/html"), ("X-Amz-Security-Token", "t1"), ("X-Trace", "7")),
            Authentication = new Authentication.Basic("user", "pa55word"),
        });
        Assert.Equal(201, answer["statusCode"].AsDouble());
        Assert.Equal("POST", answer["request"]["method"].AsString());
        Assert.Equal(new Uri(server.Address, "/pets?api_key=***&page=2").AbsoluteUri, answer["request"]["uri"].AsString());
        Assert.Equal("Accept X-Trace Content-Type User-Agent Idempotency-Key", string.Join(' ', answer["request"]["headers"].AsObject().Keys));
        Assert.Equal("b", answer["headers"]["X-Two"].AsString());
        Assert.Equal("application/json", answer["headers"]["Content-Type"].AsString());
        Assert.Equal(JqValue.Parse("""{"id":1}"""), answer["content"]);
    }

    [Theory]
    [InlineData(400, ErrorClass.DataValidation, "Bad Request")]
    [InlineData(401, ErrorClass.Auth, "Unauthorized")]
    [InlineData(403, ErrorClass.Auth, "Forbidden")]
    [InlineData(404, ErrorClass.DataValidation, "Not Found")]
    [InlineData(408, ErrorClass.Connectivity, "Request Timeout")]
    [InlineData(418, ErrorClass.Generic, "Communication Error")]
    [InlineData(429, ErrorClass.RateLimit, "Too Many Requests")]
    [InlineData(500, ErrorClass.ServiceUnavailable, "Internal Server Error")]
    [InlineData(503, ErrorClass.ServiceUnavailable, "Service Unavailable")]
    [InlineData(599, ErrorClass.ServiceUnavailable, "Communication Error")]
    public async Task A_status_that_is_no_success_is_a_communication_error_of_its_class(int status, ErrorClass errorClass, string title)
    {
        await using var server = await AnswerAsync(status, "application/json", """{ "error":   "no\n\n such  pet" }""");
        using var world = new OutboundWorld();
        var e = await world.FailAsync(server["/pet/7?secret=tops3cret&status=sold"]);
        Assert.Equal((ErrorTypes.Communication, status, title, errorClass), (e.Error.Type, e.Error.Status, e.Error.Title, e.Class));
        Assert.Null(e.Error.Instance);
        Assert.Equal(errorClass.ToName(), e.Error.Class);
        Assert.StartsWith($"GET {server.Address}pet/7?secret=…&status=… was answered {status}", e.Error.Detail, StringComparison.Ordinal);
        Assert.EndsWith("""It says: { "error": "no\n\n such pet" }""", e.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("tops3cret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_quotation_of_an_error_is_bounded_even_if_the_error_is_not()
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            http.Response.StatusCode = 500;
            http.Response.ContentType = "text/plain";
            while (true)
            {
                await http.Response.WriteAsync(new string('x', 10_000), http.RequestAborted);
                await Task.Yield();   // who tells it that the connection is gone needs a thread of the same pool
            }
        });
        using var world = new OutboundWorld();
        var e = await world.FailAsync(server.Address);
        Assert.InRange(e.Error.Detail!.Length, 500, 700);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Sun, 01 Mar 2026 12:00:30 GMT", 30)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    public async Task What_an_answer_asks_to_wait_is_passed_on(string header, int seconds)
    {
        await using var server = await AnswerAsync(429, headers: ("Retry-After", header));
        using var world = new OutboundWorld(time: new ManualTime());
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await world.FailAsync(server.Address)).RetryAfter);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task A_retry_after_that_says_nothing_is_none(string header)
    {
        await using var server = await AnswerAsync(503, headers: ("Retry-After", header));
        using var world = new OutboundWorld();
        Assert.Null((await world.FailAsync(server.Address)).RetryAfter);
    }

    [Theory]
    [InlineData("Connection", "close", "set by the server")]
    [InlineData("transfer-encoding", "chunked", "set by the server")]
    [InlineData("Content-Length", "5", "set by the server")]
    [InlineData("Proxy-Authorization", "Basic x", "set by the server")]
    [InlineData("Host", "other.example", "cannot name another host")]
    [InlineData("X-A", "a\r\nX-Injected: 1", "line break")]
    [InlineData("X A", "a", "no name of an HTTP header")]
    [InlineData("", "a", "no name of an HTTP header")]
    public async Task A_header_that_may_not_be_set_is_refused(string name, string value, string reason)
    {
        using var world = new OutboundWorld();
        var e = await world.FailAsync(OutboundWorld.Get(new Uri("http://127.0.0.1:9/")) with { Headers = OutboundWorld.Headers((name, value)) });
        Assert.Equal(ErrorTypes.Validation, e.Error.Type);
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Injected", e.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://a/", "Only http and https")]
    [InlineData("file:///etc/passwd", "Only http and https")]
    [InlineData("http://user:pa55@a/", "user name or password")]
    public async Task An_address_that_may_not_be_called_is_refused_without_repeating_it(string uri, string reason)
    {
        using var world = new OutboundWorld();
        var e = await world.FailAsync(new Uri(uri));
        Assert.Contains(reason, e.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("pa55", e.Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET IT")]
    [InlineData("connect")]
    [InlineData("G\r\nET")]
    public async Task A_method_that_is_none_is_refused(string method)
    {
        using var world = new OutboundWorld();
        Assert.Equal(ErrorTypes.Validation, (await world.FailAsync(OutboundWorld.Get(new Uri("http://a/")) with { Method = method })).Error.Type);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_answer_is_read_and_its_limit_counts_what_comes_out(string encoding)
    {
        var size = 1000;
        await using var server = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/plain";
            http.Response.Headers.ContentEncoding = encoding;
            await using Stream packed = encoding switch
            {
                "gzip" => new GZipStream(http.Response.Body, CompressionLevel.Fastest),
                "br" => new BrotliStream(http.Response.Body, CompressionLevel.Fastest),
                _ => new ZLibStream(http.Response.Body, CompressionLevel.Fastest),
            };
            await packed.WriteAsync(new byte[size]);
        });
        using var world = new OutboundWorld(options => options.MaxResponseBytes = 100_000);
        Assert.Equal(size, (await world.GetAsync(server.Address)).AsString().Length);
        size = 100_001;
        var e = await world.FailAsync(server.Address);
        Assert.Contains("Outbound:MaxResponseBytes", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_cookie_is_kept_and_no_trace_id_is_sent()
    {
        var seen = new List<string>();
        await using var server = await WebServer.StartAsync(http =>
        {
            http.Response.Cookies.Append("session", "1");
            seen.AddRange(http.Request.Headers.Select(header => header.Key));
            return Task.CompletedTask;
        });
        using var activity = new System.Diagnostics.Activity("test").Start();
        using var world = new OutboundWorld();
        await world.GetAsync(server.Address);
        await world.GetAsync(server.Address);
        Assert.Equal("Accept Accept-Encoding Host User-Agent", string.Join(' ', seen.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
    }
}
