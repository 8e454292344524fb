using System.Text;
using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;

namespace Baton.Server.Workflows;

/// <summary>Stored things in the shapes of the wire.</summary>
internal static class Views
{
    public static ErrorView? Error(WorkflowError? error) => error is null ? null : new ErrorView(error.Type, error.Status, error.Title, error.Detail, error.Instance, error.Class);

    public static JournalEntryView Entry(in JournalRow row) => new(
        row.Seq, DateTimeOffset.FromUnixTimeMilliseconds(row.AtMs), KindOf(row.Kind), row.Key, row.Attempt, row.TookMs,
        row.Body.IsEmpty ? null : Element(row.Body.Span), row.Meta is null ? null : Element(Encoding.UTF8.GetBytes(row.Meta)));

    public static WorkflowView Workflow(StoredDefinition stored, (WorkflowDefinition? Definition, string? Fault) parsed, bool whole) => new(
        stored.Namespace, stored.Name, stored.Version, stored.Hash, parsed.Definition?.Title, parsed.Fault is null ? parsed.Definition?.Summary : $"This server does not accept the document: {parsed.Fault}",
        parsed.Definition?.Schedule?.Text, DateTimeOffset.FromUnixTimeMilliseconds(stored.CreatedAtMs), parsed.Definition?.InputSchema is { } schema ? Element(schema.ToUtf8Bytes()) : null, whole ? stored.Document : null);

    public static WorkflowView Workflow(WorkflowRef code) => new(code.Namespace, code.Name, code.Version, null, null, "In code.", null, null);

    /// <summary>JSON that this server wrote: as deep as a workflow may build it.</summary>
    public static JsonElement Element(ReadOnlySpan<byte> json) => JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = 10_000 });

    public static string KindOf(JournalKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    /// <summary>An entry that says what went wrong.</summary>
    public static RunErrorView RunError(in JournalRow row)
    {
        var meta = string.IsNullOrEmpty(row.Meta) ? new JournalMeta() : JsonSerializer.Deserialize(row.Meta, JournalJson.Default.JournalMeta)!;
        return new RunErrorView(row.Seq, DateTimeOffset.FromUnixTimeMilliseconds(row.AtMs), KindOf(row.Kind), row.Key, meta.Error?.Class, meta.Error is null ? null : meta.Error.Detail ?? meta.Error.Title,
            row.Attempt is 0 ? null : row.Attempt, meta.RetryAtMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null, Error(meta.Error), meta.From);
    }

    public static StatisticsView Statistics(IReadOnlyList<StatisticsRow> rows, bool byPeriod)
    {
        var (total, completed) = (rows.Sum(row => row.Total), rows.Sum(row => row.Completed));
        return new StatisticsView(total, rows.Sum(row => row.Queued), rows.Sum(row => row.Running), rows.Sum(row => row.Waiting), rows.Sum(row => row.Paused), completed, rows.Sum(row => row.Failed), rows.Sum(row => row.Cancelled),
            Rate(completed, total), Minutes(rows.Sum(row => row.CompletedMs), completed),
            [.. rows.Select(row => new StatisticsGroup(row.Namespace, row.Workflow, byPeriod ? DateTimeOffset.FromUnixTimeMilliseconds(row.PeriodMs) : null, row.Total, row.Queued, row.Running, row.Waiting, row.Paused,
                row.Completed, row.Failed, row.Cancelled, Rate(row.Completed, row.Total), Minutes(row.CompletedMs, row.Completed)))]);

        static double? Rate(long part, long whole) => whole == 0 ? null : Math.Round((double)part / whole, 4);

        static double? Minutes(long ms, long count) => count == 0 ? null : Math.Round(ms / 60_000.0 / count, 4);
    }
}
