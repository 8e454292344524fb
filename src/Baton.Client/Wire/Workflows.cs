using System.Text.Json;

namespace Baton.Client;

/// <summary>A registered workflow definition.</summary>
/// <param name="Hash">SHA-256 of the document; null for a workflow in code.</param>
/// <param name="Schedule">What starts it by itself, for people.</param>
/// <param name="InputSchema">JSON Schema of the input, where the document has one.</param>
/// <param name="Document">The text as it was registered; only where one definition is asked for.</param>
public sealed record WorkflowView(
    string Namespace, string Name, string Version, string? Hash, string? Title, string? Summary, string? Schedule, DateTimeOffset? CreatedAt, JsonElement? InputSchema = null, string? Document = null);

/// <summary>A workflow that starts by itself.</summary>
/// <param name="DueAt">When the next run starts; null for events, and after a run that has not ended.</param>
public sealed record ScheduleView(string Namespace, string Workflow, string Version, string Kind, string Text, DateTimeOffset? DueAt);
