using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>A request that targets of another dialect can be asked, and what becomes of their answers. Read once, whatever number of targets it goes to.</summary>
internal sealed class Translation
{
    private readonly Surface surface;
    private readonly JqValue body;

    private Translation(Surface surface, JqValue body, Conversation conversation) => (this.surface, this.body, Conversation) = (surface, body, conversation);

    public Conversation Conversation { get; }

    /// <param name="surface">Where it was asked.</param>
    /// <param name="earlier">Items of an earlier response that come before those of the request; null where none is kept.</param>
    /// <param name="problem">Why it cannot be translated, whatever the target.</param>
    public static Translation? Read(Surface surface, ReadOnlyMemory<byte> request, JqArray? earlier, out GatewayError? problem)
    {
        try
        {
            var (body, faults) = (JqValue.Parse(request.Span), new Faults());
            var conversation = surface == Surface.Messages || surface == Surface.CountTokens ? MessagesReader.Read(body, faults) : surface == Surface.Responses ? ResponsesReader.Read(body, earlier, faults) : ChatReader.Read(body, faults);
            problem = faults.First;
            return problem is null ? new Translation(surface, body, conversation) : null;
        }
        catch (JqParseException e)
        {
            problem = GatewayError.Invalid($"The body is not JSON: {e.Message}");
            return null;
        }
    }

    /// <summary>The request as a target wants it.</summary>
    /// <param name="model">What the target calls the model.</param>
    /// <param name="affordable">Most tokens of the answer that the caller can pay for; null for no such limit.</param>
    /// <param name="asksForUsage">Whether a stream of chat completions is asked to tell its usage.</param>
    /// <param name="problem">What this target cannot be asked.</param>
    public ReadOnlyMemory<byte> Write(Dialect target, string model, ModelOptions options, int? affordable, bool asksForUsage, out GatewayError? problem)
    {
        var faults = new Faults();
        var asked = affordable is { } most ? Conversation with { MaxTokens = Math.Min(most, Conversation.MaxTokens ?? most) } : Conversation;
        var written = RequestWriter.Write(asked, target, model, options, asksForUsage, faults);
        problem = faults.First;
        return written;
    }

    /// <param name="options">Of the model.</param>
    /// <param name="id">Of the answer, without its dialect's prefix.</param>
    /// <param name="now">When it is answered.</param>
    /// <param name="model">As the caller names it.</param>
    /// <param name="keeps">Whether a response is kept here, unless its caller wants it otherwise.</param>
    public AnswerTranslation Answer(Dialect target, ModelOptions options, string id, DateTimeOffset now, string model, bool keeps = false)
    {
        var head = new AnswerHead(id, now.ToUnixTimeSeconds(), model, Conversation.WantsUsage, surface == Surface.Responses ? body : JqValue.Null);
        keeps &= surface == Surface.Responses && body["store"] != false;
        var responses = surface == Surface.Responses ? new ResponsesAnswerWriter(head, keeps) : null;
        AnswerWriter writer = surface == Surface.Messages ? new MessagesAnswerWriter(head) : responses is not null ? responses : new ChatAnswerWriter(head);
        var formatTool = target == Dialect.Anthropic && MessagesWriter.UsesFormatTool(Conversation, options) ? MessagesWriter.FormatTool : null;
        return new AnswerTranslation(EventReader.For(target, id), id, writer, formatTool, Conversation.IsStream, keeps ? responses : null);
    }
}
