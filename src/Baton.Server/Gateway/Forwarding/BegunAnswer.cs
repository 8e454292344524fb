using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>
/// An answer that broke off in the middle, for another target to go on with: what was said so far is put behind the request as the beginning of the answer, and what comes then is told as the rest of
/// the same stream. Only for answers of nothing but text: half a call of a tool, a thought or a format is no beginning that a model can be given.
/// </summary>
internal sealed class BegunAnswer
{
    /// <summary>Of OpenAI's, which say it in every chunk.</summary>
    private const string IdPrefix = "chatcmpl-";

    private readonly GatewayCall call;
    private readonly ModelRoute route;
    private readonly ForwardedRequest asked;
    private readonly ImmutableArray<Part> parts;
    private readonly string id, said;

    private BegunAnswer(GatewayCall call, ModelRoute route, ForwardedRequest asked, ImmutableArray<Part> parts, string id, string said) =>
        (this.call, this.route, this.asked, this.parts, this.id, this.said, Request) = (call, route, asked, parts, id, said, With(asked, call.Surface, said));

    /// <summary>The request with the beginning of its answer, in the caller's words.</summary>
    public ForwardedRequest Request { get; }

    /// <summary>Whether what a target says has to be kept, in case that another can go on with it.</summary>
    /// <param name="target">What the target is asked.</param>
    public static bool MayBe(GatewayCall call, ModelRoute route, Surface target, RequestPeek asked) =>
        asked.IsStream && asked.Choices == 1 && call.Surface.IsConversation && target != Surface.Responses && route.Chain.Any(static one => one.CanGoOn != 0);

    /// <param name="asked">What the target was asked.</param>
    /// <param name="earlier">What it went on with; null where it was the first.</param>
    /// <param name="stream">What it said, up to where it broke off.</param>
    /// <returns>Null where nobody can go on with it.</returns>
    public static BegunAnswer? Of(GatewayCall call, ModelRoute route, ForwardedRequest asked, BegunAnswer? earlier, Dialect dialect, ReadOnlyMemory<byte> stream)
    {
        var first = earlier?.asked ?? asked;
        if (first.Translate(call.Surface, out _) is not { Conversation: { Format: null } conversation } || conversation.Turns is [.., { Role: Role.Assistant }]) return null;
        var events = new List<AnswerEvent>();
        EventReader.For(dialect, "").Read(stream, events);
        if (events.Exists(static one => one is not (AnswerEvent.Start or AnswerEvent.Text or AnswerEvent.Tokens or AnswerEvent.Ping or AnswerEvent.Failure))) return null;
        var text = earlier?.said + string.Concat(events.OfType<AnswerEvent.Text>().Select(static one => one.Value));
        if (text.Length == 0) return null;
        var name = earlier?.id ?? (events.OfType<AnswerEvent.Start>().FirstOrDefault()?.Id is { } own && own.StartsWith(IdPrefix, StringComparison.Ordinal) ? own[IdPrefix.Length..] : call.Id[RequestId.Prefix.Length..]);
        return new BegunAnswer(call, earlier?.route ?? route, first, [.. earlier?.parts ?? [], new Part(dialect, stream)], name, text);
    }

    /// <summary>Turns the rest of the answer, as a target of a dialect tells it, into the rest of the caller's stream.</summary>
    /// <param name="keeps">Whether a response is kept here, unless its caller wants it otherwise.</param>
    public AnswerTranslation Rest(Dialect target, bool keeps)
    {
        var rest = asked.Translate(call.Surface, out _)!.Answer(parts[0].Dialect, route.Options, id, call.Account.At, asked.Peek.Model ?? route.Name, keeps);
        var told = new ArrayBufferWriter<byte>();   // the caller has that
        for (var i = 0; i < parts.Length; i++)
        {
            rest.Translate(parts[i].Stream, told);
            if (i < parts.Length - 1) rest.GoOn(parts[i + 1].Dialect);
        }
        rest.GoOn(target, known: said[said.TrimEnd().Length..]);
        return rest;
    }

    /// <summary>Says in the target's words that a request ends with the beginning of its answer.</summary>
    public static ReadOnlyMemory<byte> Mark(ReadOnlyMemory<byte> request, string? prefill)
    {
        if (prefill is null or "assistant") return request;
        var body = JqValue.Parse(request.Span);
        if (prefill == "continue_final_message") return body.With("continue_final_message", JqValue.True).With("add_generation_prompt", JqValue.False).ToUtf8Bytes();
        var messages = body["messages"].AsArray();
        return body.With("messages", messages.SetItem(messages.Count - 1, messages[messages.Count - 1].With("prefix", JqValue.True))).ToUtf8Bytes();
    }

    /// <summary>Spaces at the end go: some targets refuse them, and all go on better from a word.</summary>
    private static ForwardedRequest With(ForwardedRequest asked, Surface surface, string said)
    {
        var body = JqValue.Parse(asked.Body.Span);
        var member = surface == Surface.Responses ? "input" : "messages";
        var turns = body[member].TryGetArray(out var list) ? list : JqArray.Create([JqValue.Object(("role", "user"), ("content", body[member]))]);
        body = body.With(member, turns.Add(JqValue.Object(("role", "assistant"), ("content", said.TrimEnd()))));
        foreach (var limit in (ReadOnlySpan<string>)["max_tokens", "max_completion_tokens", "max_output_tokens", RequestPeek.EngineCapField])
        {
            if (body[limit].TryGetInt64(out var most)) body = body.With(limit, Math.Max(1, most - (Encoding.UTF8.GetByteCount(said) / PromptEstimate.BytesPerToken)));
        }
        return ForwardedRequest.Of(body.ToUtf8Bytes(), surface) with { Earlier = asked.Earlier, IsMixed = asked.IsMixed };
    }

    /// <summary>What one target said.</summary>
    private readonly record struct Part(Dialect Dialect, ReadOnlyMemory<byte> Stream);
}
