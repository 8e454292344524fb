using System.Buffers;
using Baton.Client;
using Baton.Server.Http;
using Baton.Server.Identity;
using Microsoft.AspNetCore.Http.Features;

namespace Baton.Server.Workflows;

/// <summary>Runs out of a server and into one, as a stream of lines in either direction.</summary>
internal static class ArchiveEndpoints
{
    public static async Task<IResult> Archive(HttpContext http, RunArchive archive, CancellationToken cancel)
    {
        var (filter, problem) = RunFilters.Read(http, 1, 1);
        if (problem is not null) return problem;
        http.Response.ContentType = ManagementModule.Lines;
        await archive.WriteAsync(http.Tenant, filter!, http.Response.Body, cancel);
        return TypedResults.Empty;
    }

    /// <summary>Stores one run after the other, each whole or not at all. A line that is refused ends it: what was stored before it stays, and is skipped when the archive is sent again.</summary>
    public static async Task<IResult> Import(HttpContext http, RunArchive archive, CancellationToken cancel)
    {
        if (http.Request.ContentType is { } type ? !type.Split(';')[0].Trim().Equals(ManagementModule.Lines, StringComparison.OrdinalIgnoreCase) : http.Request.ContentLength > 0)
            return Problems.WrongMediaType(http.Request.ContentType, ManagementModule.Lines);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;   // a line has a limit, and a run: an archive has none
        var reader = new ArchiveReader();
        var (imported, skipped, number) = (0, 0, 0);
        while (true)
        {
            var read = await http.Request.BodyReader.ReadAsync(cancel);
            var buffer = read.Buffer;
            while (TryLine(ref buffer, read.IsCompleted, out var line))
            {
                number++;
                if (line.IsEmpty) continue;
                var (run, lines, fault) = reader.Take(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
                if (fault is not null) return Leave(Refuse(number, fault, imported, skipped));
                if (run is null) continue;
                if (await archive.StoreAsync(http.Tenant, run, lines)) imported++;
                else skipped++;
            }
            if (buffer.Length > ArchiveReader.MaxRunBytes) return Leave(Refuse(number + 1, $"The line has more than {ArchiveReader.MaxRunBytes / (1024 * 1024)} MB.", imported, skipped));
            http.Request.BodyReader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) break;

            // What was read is given back, or the server cannot take the rest of the body off the wire.
            ProblemResult Leave(ProblemResult problem)
            {
                http.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return problem;
            }
        }
        return reader.Unfinished is { } cut ? Refuse(number, $"The archive ends in the middle of {cut}.", imported, skipped) : TypedResults.Json(new ImportView(imported, skipped), WireJson.Web.ImportView);
    }

    private static ProblemResult Refuse(int line, string fault, int imported, int skipped) =>
        Problems.InvalidBody($"Line {line}: {fault} Before it, {imported} runs were imported and {skipped} were there already; they stay.", new Fault("", fault, line));

    /// <summary>The next line, without its end. The last may have none.</summary>
    private static bool TryLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }
        line = buffer;
        if (!isLast || buffer.IsEmpty) return false;
        buffer = buffer.Slice(buffer.End);
        return true;
    }
}
