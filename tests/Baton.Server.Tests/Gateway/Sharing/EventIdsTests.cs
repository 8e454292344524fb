using System.Text;
using System.Text.RegularExpressions;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

/// <summary>The ids by which a client says what it has seen of a stream.</summary>
public sealed partial class EventIdsTests
{
    private static readonly string[] Events =
    [
        "data: {\"a\":1}\n\n", ": ping\n\n", "event: x\r\ndata: b\r\n\r\n", "data: c\r\r", "data: d\ndata: e\n\n", "\n", "id: own\ndata: f\n\n", $"data: {new string('g', 300)}\n\n",
    ];

    [Fact]
    public void An_event_with_data_gets_the_place_of_its_end() =>
        Assert.Equal("data: a\nid: req_1:9\n\n: ping\n\ndata: b\nid: req_1:26\n\n", Encoding.UTF8.GetString(new EventIds("req_1", 0).AddTo("data: a\n\n: ping\n\ndata: b\n\n"u8.ToArray()).Span));

    [Fact]
    public void However_a_stream_is_cut_into_pieces_ids_change_nothing_else_and_each_leads_to_the_rest()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var stream = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 12).Select(_ => Events[random.Next(Events.Length)])));
            var written = new StringBuilder();
            var ids = new EventIds("req_1", 0);
            foreach (var piece in Pieces(stream, random)) written.Append(Encoding.UTF8.GetString(ids.AddTo(piece).Span));
            Assert.Equal(Encoding.UTF8.GetString(stream), Id().Replace(written.ToString(), ""));
            foreach (Match id in Id().Matches(written.ToString()))
            {
                // Without the ids, what stands behind the empty line that follows this one is the rest from the place that it names.
                var before = Encoding.UTF8.GetByteCount(Id().Replace(written.ToString()[..id.Index], ""));
                var blank = int.Parse(id.Groups["at"].Value) - before;
                Assert.Contains(Encoding.UTF8.GetString(stream.AsSpan(before, blank)), (string[])["\n", "\r", "\r\n"]);
            }
            Assert.Equal(Read(stream), Id().Count(written.ToString()));
        }
    }

    [Fact]
    public void The_ids_of_the_rest_are_those_of_the_whole()
    {
        var stream = string.Concat(Events);
        var all = Encoding.UTF8.GetString(new EventIds("req_1", 0).AddTo(Encoding.UTF8.GetBytes(stream)).Span);
        foreach (Match id in Id().Matches(all))
        {
            var position = int.Parse(id.Groups["at"].Value);
            var rest = Encoding.UTF8.GetString(new EventIds("req_1", position).AddTo(Encoding.UTF8.GetBytes(stream).AsMemory((int)position)).Span);
            Assert.EndsWith(rest, all, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("req_ab:17", true, "req_ab", 17)]
    [InlineData("17", false, "", 0)]
    [InlineData("req_ab", false, "", 0)]
    [InlineData("req_ab:-1", false, "req_ab", 0)]
    [InlineData("evt_1:5", false, "evt_1", 0)]
    [InlineData("req_ab:99999999999999999999", false, "req_ab", 0)]
    public void Ids_are_read_as_they_are_written(string text, bool isId, string request, long position)
    {
        Assert.Equal(isId, EventIds.TryRead(text, out var name, out var at));
        Assert.Equal((request, position), (name, at));
    }

    private static int Read(byte[] stream)
    {
        ReadOnlyMemory<byte> rest = stream;
        var (parser, count) = (new SseParser(), 0);
        while (parser.TryTake(ref rest, out _)) count++;
        return count;
    }

    private static IEnumerable<byte[]> Pieces(byte[] stream, Random random)
    {
        var most = random.Next(3) switch { 0 => 1, 1 => 12, _ => 400 };
        for (var at = 0; at < stream.Length;)
        {
            var take = Math.Min(random.Next(1, most + 1), stream.Length - at);
            yield return stream[at..(at + take)];
            at += take;
        }
    }

    [GeneratedRegex("id: req_1:(?<at>[0-9]+)\n")]
    private static partial Regex Id();
}
