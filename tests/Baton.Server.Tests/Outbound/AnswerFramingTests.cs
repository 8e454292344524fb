using System.Text;
using Baton.Server.Outbound;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Outbound;

/// <summary>Heads and bodies of answers in HTTP/1.1, as they come over a connection.</summary>
public sealed class AnswerFramingTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, BodyEnd.Length, 5, true)]
    [InlineData("HTTP/1.1 200\r\ncontent-length:5 \r\n\r\n", 200, BodyEnd.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 5\n\n", 200, BodyEnd.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 200, BodyEnd.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, BodyEnd.Chunks, 0, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 200, BodyEnd.Chunks, 0, false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, Close\r\n\r\n", 200, BodyEnd.Length, 5, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, BodyEnd.Length, 5, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", 200, BodyEnd.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", 200, BodyEnd.Close, 0, false)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, BodyEnd.Length, 0, true)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, BodyEnd.Length, 0, true)]
    public void A_head_says_where_its_body_ends_and_whether_the_connection_stays(string head, int status, object end, long length, bool isKept)
    {
        var read = AnswerHead.Parse(Bytes(head))!.Value;
        Assert.Equal((status, (BodyEnd)end, length, isKept), (read.Status, read.End, read.Length, read.IsKept));
        Assert.Equal(head.Length, AnswerHead.EndOf(Bytes(head + "rest")));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 20x OK\r\n\r\n")]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void What_leaves_doubt_where_a_body_ends_is_no_head(string head) => Assert.Null(AnswerHead.Parse(Bytes(head)));

    [Fact]
    public void Lines_of_one_name_are_values_of_one_header_and_what_was_there_is_replaced()
    {
        var headers = new HeaderDictionary { ["vary"] = "old" };
        var head = AnswerHead.Parse(Bytes("HTTP/1.1 200 OK\r\nVary: Origin\r\nx-a: 1\r\nVARY: Accept\r\nServer: s\r\nx-ü: a\r\nx-b: ä\r\n\r\n"))!.Value;
        head.CopyTo(headers, name => name != "Server");
        Assert.Equal("Origin|Accept", string.Join("|", headers["Vary"].AsEnumerable()));
        Assert.Equal(2, headers.Count);   // what is not plain stays away
        Assert.Equal("Origin, Accept", head.Header("vary"u8));
    }

    [Fact]
    public void A_body_in_chunks_is_the_same_however_it_is_cut_and_however_it_comes() => Property.Holds(
        Gen.Zip(Gen.Choose(1, 40).ListOf(), Gen.Choose(1, 30).NonEmptyListOf()).ToArbitrary(),
        given =>
        {
            var (chunks, cuts) = (given.Item1.Select((length, i) => new string((char)('a' + (i % 26)), length)).ToArray(), given.Item2.ToArray());
            var wire = Bytes($"{string.Concat(chunks.Select((chunk, i) => $"{chunk.Length:X}{(i % 3 == 1 ? ";name=\"v\"" : "")}\r\n{chunk}\r\n"))}0\r\nTrailer: x\r\n\r\n");
            var (body, came, at) = (new ChunkedBody(), new StringBuilder(), 0);
            for (var i = 0; at < wire.Length; i++)
            {
                var piece = wire[at..Math.Min(at + cuts[i % cuts.Length], wire.Length)];
                at += piece.Length;
                came.Append(Encoding.ASCII.GetString(piece, 0, body.Decode(piece)));
            }
            return body is { HasEnded: true, HasMore: false } && came.ToString() == string.Concat(chunks);
        });

    [Fact]
    public void What_comes_behind_the_last_chunk_is_noticed()
    {
        var body = new ChunkedBody();
        var bytes = "3\r\nabc\r\n0\r\n\r\nHTTP"u8.ToArray();
        Assert.Equal(3, body.Decode(bytes));
        Assert.True(body is { HasEnded: true, HasMore: true });
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("g\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("3\r\nabcd\r\n")]
    [InlineData("1000000000000000\r\n")]
    public void What_is_no_chunk_is_refused(string wire)
    {
        var body = new ChunkedBody();
        Assert.Throws<HttpIOException>(() => body.Decode(Encoding.ASCII.GetBytes(wire)));
    }

    [Fact]
    public void Trailers_without_end_are_refused()
    {
        var body = new ChunkedBody();
        body.Decode("0\r\n"u8.ToArray());
        Assert.Throws<HttpIOException>(() => body.Decode(Encoding.ASCII.GetBytes(new string('x', 20_000))));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
