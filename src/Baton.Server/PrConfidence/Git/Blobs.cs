using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>What was read, and the ids that were not: too large, too many together, or not in the repository.</summary>
internal sealed record BlobsRead(IReadOnlyDictionary<string, string> Texts, ImmutableArray<string> TooLarge, ImmutableArray<string> Missing);

/// <summary>Contents of files by object id: no path is passed to git, so no name of a file can be misread.</summary>
internal static class Blobs
{
    private const int ReplyOverhead = 128;

    /// <param name="repository">Where the objects are.</param>
    /// <param name="ids">Object ids; repeated ones are read once.</param>
    /// <param name="maxBytesEach">Larger ones are left out and listed.</param>
    /// <param name="maxBytesTogether">What would exceed this, in the order of <paramref name="ids"/>, is left out and listed.</param>
    /// <param name="cancel">Ends git.</param>
    public static async Task<Asked<BlobsRead>> ReadAsync(
        Repository repository, IEnumerable<string> ids, int maxBytesEach, int maxBytesTogether, CancellationToken cancel)
    {
        var wanted = ids.Where(Revisions.IsObjectId).Distinct(StringComparer.Ordinal).ToArray();
        if (wanted.Length == 0) return new BlobsRead(ImmutableDictionary<string, string>.Empty, [], []);

        // 1. Sizes first: a blob can be gigabytes, and its bytes would stand in the way of the next one.
        var asked = await repository.AskAsync(
            ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"], wanted.Length * ReplyOverhead, cancel, LinesOf(wanted));
        if (asked.Failed(out var error, out var sizes)) return error;
        var fitting = new List<string>();
        var (tooLarge, missing) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        var together = 0L;
        foreach (var line in sizes.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            if (parts is not [var id, "blob", var digits] || !long.TryParse(digits, CultureInfo.InvariantCulture, out var size)) missing.Add(parts[0]);
            else if (size > maxBytesEach || together + size > maxBytesTogether) tooLarge.Add(id);
            else
            {
                together += size;
                fitting.Add(id);
            }
        }

        // 2. Then the contents.
        asked = await repository.AskAsync(["cat-file", "--batch"], (int)together + (fitting.Count * ReplyOverhead), cancel, LinesOf(fitting));
        if (asked.Failed(out error, out var contents)) return error;
        return new BlobsRead(Parse(contents.Output), tooLarge.ToImmutable(), missing.ToImmutable());
    }

    private static byte[] LinesOf(IEnumerable<string> ids) => Encoding.ASCII.GetBytes(string.Concat(ids.Select(id => id + "\n")));

    private static Dictionary<string, string> Parse(ReadOnlyMemory<byte> reply)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = reply.Span;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            var header = Encoding.ASCII.GetString(rest[..end]).Split(' ');
            rest = rest[(end + 1)..];
            if (header is not [var id, "blob", var digits] || !int.TryParse(digits, CultureInfo.InvariantCulture, out var size) || size > rest.Length) continue;
            // A NUL byte is git's own sign of a binary file.
            if (!rest[..size].Contains((byte)0)) texts[id] = GitText.Content(rest[..size]);
            rest = rest[Math.Min(rest.Length, size + 1)..];
        }
        return texts;
    }
}
