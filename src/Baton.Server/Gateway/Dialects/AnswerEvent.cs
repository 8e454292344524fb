using System.Collections.Immutable;
using System.Text;

namespace Baton.Server.Gateway;

/// <summary>Something that a target says in its answer, in no provider's words. Of a stream, in the order in which it came.</summary>
internal abstract record AnswerEvent
{
    private AnswerEvent()
    {
    }

    /// <summary>The answer begins.</summary>
    public sealed record Start(string? Id, string? Model) : AnswerEvent;

    /// <summary>Nothing yet, but the target is at work.</summary>
    public sealed record Ping : AnswerEvent
    {
        public static Ping Instance { get; } = new();
    }

    public sealed record Text(string Value) : AnswerEvent;

    public sealed record Thinking(string Value) : AnswerEvent;

    /// <summary>Signs the thoughts before it, and ends them.</summary>
    public sealed record Signature(string Value) : AnswerEvent;

    public sealed record Redacted(string Data) : AnswerEvent;

    public sealed record Refusal(string Value) : AnswerEvent;

    /// <param name="Call">Which of the answer's calls, from 0 on.</param>
    public sealed record ToolStart(int Call, string Id, string Name) : AnswerEvent;

    /// <summary>A piece of a call's arguments: all pieces of a call together are a JSON object.</summary>
    public sealed record ToolArguments(int Call, string Fragment) : AnswerEvent;

    /// <summary>Tokens so far: the last of an answer counts.</summary>
    public sealed record Tokens(AnswerUsage Usage) : AnswerEvent;

    /// <summary>Why the model stopped. Tokens may follow.</summary>
    /// <param name="Sequence">The text that ended the answer, where that is known.</param>
    public sealed record Stop(StopReason Reason, string? Sequence) : AnswerEvent;

    /// <summary>Nothing follows.</summary>
    public sealed record End : AnswerEvent
    {
        public static End Instance { get; } = new();
    }

    /// <summary>The target breaks off with an error; nothing follows.</summary>
    public sealed record Failure(GatewayError Error) : AnswerEvent;
}

internal enum StopReason
{
    /// <summary>The answer is complete.</summary>
    Done,
    MaxTokens,
    StopSequence,
    ToolUse,

    /// <summary>The model, or a filter, declines.</summary>
    Refused,

    /// <summary>A long turn of the provider's own tools was paused.</summary>
    Paused,
    ContextFull,
}

/// <summary>Tokens of one answer.</summary>
/// <param name="Input">Of the prompt, those from a cache and those put into one included.</param>
/// <param name="Output">Of the answer, thoughts included.</param>
/// <param name="Reasoning">Of its thoughts, where that is known.</param>
internal sealed record AnswerUsage(long Input, long CacheRead, long CacheWrite, long Output, long Reasoning)
{
    public static AnswerUsage None { get; } = new(0, 0, 0, 0, 0);
}

/// <summary>An answer in one piece.</summary>
internal sealed record WholeAnswer(string? Id, string? Model, ImmutableArray<Part> Parts, StopReason Reason, string? Sequence, AnswerUsage Usage)
{
    /// <summary>Never the content.</summary>
    public override string ToString() => $"answer of {Parts.Length} parts";
}

/// <summary>Puts an answer together from its events.</summary>
internal sealed class AnswerDraft
{
    private readonly List<Piece> pieces = [];
    private string? id, model, sequence;
    private StopReason reason;
    private AnswerUsage usage = AnswerUsage.None;

    public void Add(AnswerEvent said)
    {
        switch (said)
        {
            case AnswerEvent.Start start: (id, model) = (start.Id, start.Model); break;
            case AnswerEvent.Text text: Last(PieceKind.Text).Content.Append(text.Value); break;
            case AnswerEvent.Thinking thought: Last(PieceKind.Thinking).Content.Append(thought.Value); break;
            case AnswerEvent.Signature signature: Last(PieceKind.Thinking).Signature = signature.Value; break;
            case AnswerEvent.Refusal refusal: Last(PieceKind.Refusal).Content.Append(refusal.Value); break;
            case AnswerEvent.Redacted redacted: pieces.Add(new Piece(PieceKind.Redacted)); pieces[^1].Content.Append(redacted.Data); break;
            case AnswerEvent.ToolStart call: pieces.Add(new Piece(PieceKind.Call, call.Call, call.Id, call.Name)); break;
            case AnswerEvent.ToolArguments fragment: pieces.FindLast(piece => piece.Call == fragment.Call)?.Content.Append(fragment.Fragment); break;
            case AnswerEvent.Tokens tokens: usage = tokens.Usage; break;
            case AnswerEvent.Stop stop: (reason, sequence) = (stop.Reason, stop.Sequence); break;
        }
    }

    public WholeAnswer ToAnswer() => new(id, model, [.. pieces.Select(piece => piece.ToPart())], reason, sequence, usage);

    private Piece Last(PieceKind kind)
    {
        if (pieces.Count == 0 || pieces[^1].Kind != kind || pieces[^1].Signature is not null) pieces.Add(new Piece(kind));
        return pieces[^1];
    }

    private enum PieceKind
    {
        Text,
        Thinking,
        Redacted,
        Refusal,
        Call,
    }

    private sealed record Piece(PieceKind Kind, int Call = -1, string Id = "", string Name = "")
    {
        public StringBuilder Content { get; } = new();

        public string? Signature { get; set; }

        public Part ToPart() => Kind switch
        {
            PieceKind.Thinking => new Part.Thinking(Content.ToString(), Signature),
            PieceKind.Redacted => new Part.Redacted(Content.ToString()),
            PieceKind.Refusal => new Part.Refusal(Content.ToString()),
            PieceKind.Call => new Part.ToolCall(Id, Name, Content.Length > 0 ? Content.ToString() : "{}"),
            _ => new Part.Text(Content.ToString()),
        };
    }
}
