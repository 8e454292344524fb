using System.Text;
using Baton.Server.Gateway;
using FsCheck.Fluent;
using Property = Baton.Server.Tests.PrConfidence.Property;

namespace Baton.Server.Tests.Gateway;

public sealed class SseParserTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "message=a|message=b")]
    [InlineData("data: a\r\n\r\ndata: b\r\n\r\n", "message=a|message=b")]
    [InlineData("data: a\r\rdata: b\r\r", "message=a|message=b")]
    [InlineData("data: a\ndata: b\ndata\ndata:  c\n\n", "message=a\nb\n\n c")]
    [InlineData("event: error\ndata:x\n\ndata: y\n\n", "error=x|message=y")]
    [InlineData(": ping\n\nid: 7\nretry: 10\n\nother: z\ndata: a\n\n", "message=a")]
    [InlineData("\uFEFFdata: a\n\n", "message=a")]
    [InlineData("event: lonely\n\ndata: a\n\n", "message=a")]
    [InlineData("data: a\n\ndata: cut", "message=a")]
    [InlineData("data:\n\n", "message=")]
    [InlineData("\n\n\r\n\r\n", "")]
    public void Events_are_read_as_the_standard_says(string stream, string expected) =>
        Assert.Equal(expected, string.Join('|', Read([Encoding.UTF8.GetBytes(stream)]).Select(found => $"{found.Type}={found.Data}")));

    [Fact]
    public void Events_do_not_depend_on_how_the_network_splits_the_bytes() => Property.Holds(
        Gen.Zip(Gen.Elements("data: ", "data:", "data", "event: e", ":", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "é", "x", "🙂", "\uFEFF", " ", "id: 1").ListOf(), Gen.Choose(1, 9).ListOf()).ToArbitrary(),
        stream =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(stream.Item1));
            return Read([bytes]).SequenceEqual(Read(Pieces(bytes, [.. stream.Item2])));
        });

    private static IEnumerable<byte[]> Pieces(byte[] bytes, int[] lengths)
    {
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            var length = Math.Min(lengths.Length == 0 ? 1 : lengths[i % lengths.Length], bytes.Length - at);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }

    private static List<SseEvent> Read(IEnumerable<byte[]> pieces)
    {
        var (parser, found) = (new SseParser(), new List<SseEvent>());
        foreach (var piece in pieces)
        {
            ReadOnlyMemory<byte> bytes = piece;
            while (parser.TryTake(ref bytes, out var one)) found.Add(one);
        }
        return found;
    }
}
