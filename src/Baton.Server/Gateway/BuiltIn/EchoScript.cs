using System.Collections.Immutable;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>What <c>baton/echo</c> is to do: the last system message, where that is a JSON object.</summary>
/// <remarks>
/// All members may be left out: <c>answers</c> (texts: the first answer, the one after a first assistant message, and so on; default the last user
/// message), <c>first_byte_ms</c> (wait before anything), <c>chunk_chars</c> (length of a piece; default everything at once), <c>chunk_ms</c> (wait before
/// each further piece), <c>finish_reason</c> (default "stop"), <c>fault</c> (an error class, such as "rate_limit"), <c>fault_after_chunks</c>
/// (pieces before it; default 0), <c>retry_after_ms</c> (goes with the fault). Times are from 0 to 600,000 ms.
/// </remarks>
internal sealed record EchoScript
{
    private const int MaxMs = 600_000;

    private static readonly string[] Members = ["answers", "first_byte_ms", "chunk_chars", "chunk_ms", "finish_reason", "fault", "fault_after_chunks", "retry_after_ms"];

    public ImmutableArray<string> Answers { get; private init; } = [];

    public TimeSpan FirstByte { get; private init; }

    public int ChunkChars { get; private init; } = int.MaxValue;

    public TimeSpan Chunk { get; private init; }

    public string FinishReason { get; private init; } = "stop";

    public ErrorClass? Fault { get; private init; }

    public int FaultAfterChunks { get; private init; }

    public TimeSpan? RetryAfter { get; private init; }

    /// <exception cref="WorkflowException">A member is unknown, or has a value that it cannot have.</exception>
    public static EchoScript Of(ModelRequest request)
    {
        var system = request.Messages.LastOrDefault(message => message.Role is "system" or "developer")?.Content.Trim();
        if (system is not ['{', ..]) return new EchoScript();
        var script = Parse(system);
        if (script.Keys.FirstOrDefault(name => !Members.Contains(name, StringComparer.Ordinal)) is { } unknown) throw Wrong($"has no member '{unknown}'; there are {string.Join(", ", Members)}");
        var read = new EchoScript
        {
            Answers = Texts(script),
            FirstByte = TimeSpan.FromMilliseconds(Number(script, "first_byte_ms", 0, MaxMs) ?? 0),
            ChunkChars = Number(script, "chunk_chars", 1, int.MaxValue) ?? int.MaxValue,
            Chunk = TimeSpan.FromMilliseconds(Number(script, "chunk_ms", 0, MaxMs) ?? 0),
            FinishReason = Text(script, "finish_reason") ?? "stop",
            Fault = Class(Text(script, "fault")),
            FaultAfterChunks = Number(script, "fault_after_chunks", 0, int.MaxValue) ?? 0,
            RetryAfter = Number(script, "retry_after_ms", 0, MaxMs) is { } wait ? TimeSpan.FromMilliseconds(wait) : null,
        };
        return read;
    }

    private static JqObject Parse(string text)
    {
        try
        {
            return JqValue.Parse(text).AsObject();
        }
        catch (JqParseException e)
        {
            throw Wrong($"is not JSON: {e.Message}");
        }
    }

    private static ImmutableArray<string> Texts(JqObject script)
    {
        if (!script.TryGetValue("answers", out var answers)) return [];
        return answers.TryGetArray(out var texts) && texts.All(text => text.IsString) ? [.. texts.Select(text => text.AsString())] : throw Wrong("has 'answers' that are not a list of texts");
    }

    private static string? Text(JqObject script, string name)
    {
        if (!script.TryGetValue(name, out var value)) return null;
        return value.TryGetString(out var text) ? text : throw Wrong($"has a '{name}' that is not a text");
    }

    private static int? Number(JqObject script, string name, int min, int max)
    {
        if (!script.TryGetValue(name, out var value)) return null;
        return value.TryGetInt64(out var number) && number >= min && number <= max ? (int)number : throw Wrong($"has a '{name}' that is not a whole number from {min} to {max}");
    }

    private static ErrorClass? Class(string? name)
    {
        if (name is null) return null;
        var found = ErrorClasses.Parse(name);
        return found.ToName() == name ? found : throw Wrong($"has a 'fault' that is no error class; there are {string.Join(", ", Enum.GetValues<ErrorClass>().Select(known => known.ToName()))}");
    }

    private static WorkflowException Wrong(string what) => CallErrors.Invalid($"The script for {EchoModel.Name}, which is its system message, {what}.");
}
