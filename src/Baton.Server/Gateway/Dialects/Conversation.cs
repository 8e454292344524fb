using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>A request in no provider's words: what readers make of the callers' dialects, and writers put into those of the targets.</summary>
internal sealed record Conversation
{
    /// <summary>In their order; never two users or two assistants in a row.</summary>
    public required ImmutableArray<Turn> Turns { get; init; }

    public ImmutableArray<ToolOffer> Tools { get; init; } = [];

    public ToolChoice Choice { get; init; }

    /// <summary>The tool that must be called, where the choice is <see cref="ToolChoice.Named"/>.</summary>
    public string? ChosenTool { get; init; }

    /// <summary>Whether an answer may call one tool at most.</summary>
    public bool OneToolAtATime { get; init; }

    /// <summary>Null for an answer in words.</summary>
    public AnswerFormat? Format { get; init; }

    public Effort Effort { get; init; }

    /// <summary>Most tokens to think with, where the caller counts in tokens.</summary>
    public long? ThinkingTokens { get; init; }

    /// <summary>Most tokens of the answer, those of its thoughts included.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>From 0 to 2.</summary>
    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public long? TopK { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public long? Seed { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Who asks, in the caller's own words; never a credential.</summary>
    public string? User { get; init; }

    public bool IsStream { get; init; }

    /// <summary>Whether a stream shall say its tokens: chat completions say them on demand only.</summary>
    public bool WantsUsage { get; init; }

    /// <summary>Never the content.</summary>
    public override string ToString() => $"conversation of {Turns.Length} turns";
}

internal enum Role
{
    System,
    User,
    Assistant,
}

/// <summary>What one side says in one go. Results of tools are the user's, and stand before what else that turn holds.</summary>
internal sealed record Turn(Role Role, ImmutableArray<Part> Parts)
{
    /// <summary>
    /// Neighbours of one side become one turn; turns without content go. System turns stay apart, but never between calls of tools and their results: dialects want those next to each other.
    /// </summary>
    public static ImmutableArray<Turn> Join(IEnumerable<Turn> turns)
    {
        var joined = new List<Turn>();
        foreach (var turn in SystemBehindResults(turns.Where(turn => turn.Parts.Length > 0)))
        {
            if (turn.Role != Role.System && joined.Count > 0 && joined[^1].Role == turn.Role) joined[^1] = turn with { Parts = joined[^1].Parts.AddRange(turn.Parts) };
            else joined.Add(turn);
        }
        return [.. joined.Select(turn => turn.Role == Role.User && turn.Parts.Any(part => part is Part.ToolResult) ? turn with { Parts = [.. turn.Parts.OrderBy(part => part is not Part.ToolResult)] } : turn)];
    }

    private static IEnumerable<Turn> SystemBehindResults(IEnumerable<Turn> turns)
    {
        var (open, waiting) = (new HashSet<string>(StringComparer.Ordinal), new List<Turn>());
        foreach (var turn in turns)
        {
            if (turn.Role == Role.User && !turn.Parts.Any(part => part is Part.ToolResult)) open.Clear();   // nobody answers them
            if (open.Count > 0 && turn.Role == Role.System)
            {
                waiting.Add(turn);
                continue;
            }
            if (open.Count == 0)
            {
                foreach (var held in waiting) yield return held;
                waiting.Clear();
            }
            yield return turn;
            open.UnionWith(turn.Parts.OfType<Part.ToolCall>().Select(call => call.Id));
            open.ExceptWith(turn.Parts.OfType<Part.ToolResult>().Select(result => result.CallId));
        }
        foreach (var held in waiting) yield return held;
    }

    /// <summary>Never the content.</summary>
    public override string ToString() => $"{Role} turn of {Parts.Length} parts";
}

/// <summary>A piece of a turn or of an answer.</summary>
internal abstract record Part
{
    private Part()
    {
    }

    /// <summary>Where a provider is asked to keep the prompt up to here, as Anthropic writes it; null for nowhere.</summary>
    public JqValue CacheControl { get; init; }

    /// <summary>Never the content.</summary>
    public sealed override string ToString() => GetType().Name;

    public sealed record Text(string Value) : Part;

    /// <summary>An image at an address that the target is to fetch.</summary>
    public sealed record ImageUrl(string Url, string? Detail) : Part;

    public sealed record Image(string MediaType, string Base64, string? Detail) : Part;

    /// <param name="MediaType">application/pdf.</param>
    public sealed record Document(string MediaType, string Base64, string? Name) : Part;

    /// <param name="Arguments">A JSON object, as text.</param>
    public sealed record ToolCall(string Id, string Name, string Arguments) : Part;

    /// <param name="Content">Texts, images and documents.</param>
    public sealed record ToolResult(string CallId, ImmutableArray<Part> Content, bool IsError) : Part;

    /// <param name="Signature">By which Anthropic knows its own thoughts again; null for those of others.</param>
    public sealed record Thinking(string Value, string? Signature) : Part;

    /// <summary>Thoughts that only Anthropic can read.</summary>
    public sealed record Redacted(string Data) : Part;

    /// <summary>Why the model declines to answer.</summary>
    public sealed record Refusal(string Value) : Part;
}

internal enum ToolChoice
{
    Auto,
    None,
    Required,
    Named,
}

/// <param name="Parameters">A JSON Schema; null for no parameters.</param>
internal sealed record ToolOffer(string Name, string? Description, JqValue Parameters, bool IsStrict)
{
    public JqValue CacheControl { get; init; }

    /// <summary>The schema, with its type: dialects that demand one refuse a tool without.</summary>
    public JqValue Schema => Parameters is { IsObject: true } schema ? schema["type"].IsNull ? schema.With("type", "object") : schema : JqValue.Object(("type", "object"), ("properties", JqValue.EmptyObject));
}

/// <param name="Schema">What the answer must fit; null for any object.</param>
internal sealed record AnswerFormat(string Name, JqValue? Schema, bool IsStrict);

/// <summary>How much a model is to think before it answers.</summary>
internal enum Effort
{
    /// <summary>As it likes.</summary>
    Unsaid,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>Not at all, said by a caller of Anthropic's dialect, where that is so anyhow: hosts of OpenAI's, of which many know no word for it and refuse it, are told nothing.</summary>
    Disabled,
    Minimal,
    Low,
    Medium,
    High,
    Highest,
}
