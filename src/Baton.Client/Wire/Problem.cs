using System.Text.Json.Serialization;

namespace Baton.Client;

/// <summary>What the server answers when it refuses: problem details (RFC 9457).</summary>
/// <param name="Type">A stable URI of the kind of problem; see docs/operate/problems.md.</param>
/// <param name="Detail">What was wrong, where, and what to do.</param>
/// <param name="Errors">Every fault that was found, with its place.</param>
public sealed record Problem(string Type, string Title, int Status, string? Detail, string? Instance = null, IReadOnlyList<Fault>? Errors = null)
{
    [JsonPropertyName("trace_id")]
    public string? TraceId { get; init; }
}

/// <param name="Pointer">JSON pointer into the request's body, or <c>query/name</c>, <c>header/name</c>, <c>path/name</c>.</param>
/// <param name="Detail">The rule, and the mend.</param>
/// <param name="Line">In the text of a document, from 1; null when unknown.</param>
public sealed record Fault(string Pointer, string Detail, int? Line = null);
