using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Server.Workflows;

/// <summary>
/// A line of an archive. A run is its own line, then one for each entry of its journal, each message and listener that a paused one has, and an end.
/// </summary>
/// <param name="Type">run, entry, message, listener or end.</param>
internal sealed record ArchiveLine(string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ArchivedRun? Run { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ArchivedEntry? Entry { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ArchivedMessage? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ArchivedListener? Listener { get; init; }

    /// <summary>JSON, as it is stored, byte for byte.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Body { get; init; }

    /// <summary>The same in base 64, where it would not fit on a line as it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? BodyBytes { get; init; }

    /// <summary>For an end: entries, messages and listeners before it. A run that changed while it was read has none, and is not stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Lines { get; init; }

    public static readonly JsonSerializerOptions Json = new(ArchiveJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 10_200 };

    public static ArchiveLine WithBody(ArchiveLine line, ReadOnlyMemory<byte> body) => body.IsEmpty ? line : IsOneLine(body.Span) ? line with { Body = Views.Element(body.Span) } : line with { BodyBytes = body.ToArray() };

    [JsonIgnore]
    public ReadOnlyMemory<byte> Bytes => BodyBytes ?? (Body is { } json ? System.Text.Encoding.UTF8.GetBytes(json.GetRawText()) : default(ReadOnlyMemory<byte>));

    /// <summary>Whether it is JSON that is the same when it is written without its white space.</summary>
    private static bool IsOneLine(ReadOnlySpan<byte> body)
    {
        if (body.SequenceEqual("null"u8)) return false;   // would be read as no body
        try
        {
            var written = new ArrayBufferWriter<byte>(body.Length);
            using (var writer = new Utf8JsonWriter(written, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 10_200 })) Views.Element(body).WriteTo(writer);
            return written.WrittenSpan.SequenceEqual(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // not JSON at all, or a text with half a character
        {
            return false;
        }
    }
}

internal sealed record ArchivedRun(
    long No, string Id, string Namespace, string Workflow, string Version, string State, long Priority, string Labels, string? ParentId, string? ParentKey, long Fencing, string? Request, string? RequestReason, long InboxNo,
    string? Error, long CreatedAtMs, long? StartedAtMs, long UpdatedAtMs, long? EndedAtMs, string? ForkedFrom, long? ForkedSeq);

internal sealed record ArchivedEntry(long Seq, JournalKind Kind, long AtMs, string Key, int? Attempt, long? TookMs, string? Meta);

internal sealed record ArchivedMessage(long No, string Kind, string Name, string? ChildState, string? ChildError);

internal sealed record ArchivedListener(string Key, long Position, string? EventType, string? EventSource);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ArchiveLine))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
