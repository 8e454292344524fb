using System.Buffers;
using System.Text;
using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway.Lane;

/// <summary>What the lane takes for itself, and what it leaves for the server.</summary>
public sealed class LaneRequestTests
{
    private const string Plain = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 2\r\n\r\n{}";

    public static TheoryData<string> Others => [.. new[]
    {
        "GET /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "post /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST  /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions  HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.0\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1 \r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions/ HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/%63hat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST http://h/v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/models HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "\r\nPOST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: \r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a/b\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2,2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 0x2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length : 2\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTRANSFER-ENCODING: identity\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nUpgrade: h2c\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: keep-alive, x\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: a\nY: b\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: a\rb\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: a\tb\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: a\0b\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: ü\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nno colon\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n: v\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX y: v\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n{}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n{}",
        $"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nX: {new string('x', 9000)}\r\nContent-Length: 2\r\n\r\n{{}}",
        $"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n{string.Concat(Enumerable.Range(0, 70).Select(i => $"X{i}: v\r\n"))}Content-Length: 2\r\n\r\n{{}}",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Le",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0002",
    }];

    [Theory]
    [MemberData(nameof(Others))]
    public void Whatever_is_not_a_plain_request_of_known_length_is_the_servers(string bytes) => Assert.Equal(LaneReading.Other, new LaneRequest(1_000).Read(InPieces(bytes, 7)));

    [Theory]
    [InlineData("/chat/completions")]
    [InlineData("/completions")]
    [InlineData("/responses")]
    [InlineData("/embeddings")]
    [InlineData("/messages")]
    [InlineData("/messages/count_tokens")]
    public void Every_address_of_the_gateway_is_served_and_nothing_of_the_request_is_lost(string path)
    {
        var bytes = $"POST /v1{path} HTTP/1.1\r\nhost: [::1]:80\r\nConnection: Keep-Alive\r\nAUTHORIZATION:  Bearer k \r\nx-Own: a, b:c\r\nEmpty:\r\nContent-Length: 2\r\n\r\n{{}}";
        var request = new LaneRequest(1_000);
        Assert.Equal(LaneReading.Whole, request.Read(InPieces(bytes + "POST", 7)));
        Assert.Equal((path, 2, (long)bytes.Length), (request.Surface.Path, request.BodyLength, request.Length));
        Assert.Equal(("Bearer k", "a, b:c", "", "[::1]:80"), (request.Headers.Authorization.ToString(), request.Headers["X-OWN"].ToString(), request.Headers["empty"].ToString(), request.Headers.Host.ToString()));
        Assert.Equal(6, request.Headers.Count);
    }

    [Fact]
    public void A_body_is_waited_for_and_the_next_request_has_nothing_of_the_one_before()
    {
        var request = new LaneRequest(1_000);
        const string First = "POST /v1/messages HTTP/1.1\r\nHost: h\r\nx-api-key: k\r\nContent-Length: 10\r\n\r\n";
        Assert.Equal(LaneReading.Incomplete, request.Read(InPieces(First, 1000)));
        Assert.Equal(LaneReading.Incomplete, request.Read(InPieces(First + "123456789", 1000)));
        Assert.Equal(LaneReading.Whole, request.Read(InPieces(First + "1234567890", 1000)));
        Assert.Equal(LaneReading.Whole, request.Read(InPieces(Plain, 1000)));
        Assert.Equal(("/chat/completions", 2, 0), (request.Surface.Path, request.BodyLength, request.Headers["x-api-key"].Count));
    }

    [Fact]
    public void However_its_blocks_are_cut_a_request_is_the_same() => Property.Holds(Gen.Choose(1, Plain.Length).ToArbitrary(), size =>
    {
        var request = new LaneRequest(1_000);
        return request.Read(InPieces(Plain, size)) == LaneReading.Whole && request is { Length: var length, BodyLength: 2, Headers.Count: 2 } && length == Plain.Length;
    });

    /// <summary>A byte more, less or other never makes it fail, and what it still takes is what the letter of the grammar allows.</summary>
    [Fact]
    public void Damaged_requests_are_the_servers_or_still_requests() => Property.Holds(
        Gen.Zip(Gen.Choose(0, Plain.Length - 3), Gen.Zip(Gen.Choose(0, 255), Gen.Choose(0, 2))).ToArbitrary(),
        damage =>
        {
            var (at, (value, kind)) = damage;
            var bytes = Encoding.Latin1.GetBytes(Plain).ToList();
            if (kind == 0) bytes[at] = (byte)value;
            else if (kind == 1) bytes.Insert(at, (byte)value);
            else bytes.RemoveAt(at);
            var request = new LaneRequest(1_000);
            var reading = request.Read(new ReadOnlySequence<byte>([.. bytes]));
            return reading == LaneReading.Other || (request.Headers is { Host.Count: 1, ContentLength: not null } && request.Headers.ContentLength == request.BodyLength);
        });

    /// <summary>What is kept of the lines of the request before is only ever a shorter way to the same.</summary>
    [Fact]
    public void A_request_says_the_same_whatever_was_said_before_it()
    {
        string[] lines = ["Host: h", "host: h", "Host: other", "HOST:", "Content-Length: 2", "content-length:  2", "Content-Length: 3", "Content-Length: x", "Authorization: Bearer a", "Authorization: Bearer b", "authorization: bearer a", "x-a: 1", "X-A: 1", "X-B: 1", "Connection: keep-alive", "Connection: close", "Expect: 100-continue", "X y: 1", "X-A: ü"];
        Property.Holds(Gen.ListOf(Gen.Zip(Gen.Choose(0, 3), Gen.ListOf(Gen.Elements(lines)))).ToArbitrary(), requests =>
        {
            var used = new LaneRequest(1_000);
            return requests.All(said =>
            {
                var bytes = InPieces($"POST /v1/chat/completions HTTP/1.1\r\n{(said.Item1 == 0 ? "" : "Host: h\r\nContent-Length: 2\r\n")}{string.Concat(said.Item2.Select(line => line + "\r\n"))}\r\n{{}} ", 1_000);
                var fresh = new LaneRequest(1_000);
                var reading = fresh.Read(bytes);
                return used.Read(bytes) == reading && (reading != LaneReading.Whole || (used.BodyLength == fresh.BodyLength && used.Length == fresh.Length && Told(used).SequenceEqual(Told(fresh))));
            });
        });

        static IEnumerable<string> Told(LaneRequest request) => request.Headers.Select(header => $"{header.Key.ToLowerInvariant()}={header.Value}").Order(StringComparer.Ordinal);
    }

    private static ReadOnlySequence<byte> InPieces(string text, int size)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        Piece? first = null, last = null;
        for (var at = 0; at < bytes.Length; at += size)
        {
            last = new Piece(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), last);
            first ??= last;
        }
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
