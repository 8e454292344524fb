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
}
