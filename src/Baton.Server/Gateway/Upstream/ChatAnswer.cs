using System.Text;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>Puts an answer together, from one whole completion or from the chunks of a stream: they differ only in "message" and "delta".</summary>
/// <param name="label">How messages name the call.</param>
internal sealed class ChatAnswer(string label, Quotation quotation)
{
    public const string EndOfStream = "[DONE]";

    private readonly StringBuilder text = new();
    private readonly StringBuilder refusal = new();
    private ModelUsage usage = ModelUsage.None;
    private string? finishReason;
    private string? model;
    private bool hasChoice;
    private bool callsTools;

    /// <summary>Whether the upstream has said why it stopped: nothing of the answer is missing then.</summary>
    public bool IsFinished => finishReason is not null;

    /// <summary>Takes a completion or a chunk.</summary>
    /// <returns>The text that it adds.</returns>
    /// <exception cref="WorkflowException">It tells of an error, or is not what the protocol promises.</exception>
    public string Add(string json)
    {
        var value = Parse(json);
        if (UpstreamError.Of(status: null, value) is { } error) throw UpstreamErrors.Of(error, label, quotation, retryAfter: null);
        try
        {
            if (value["model"].TryGetString(out var name)) model = name;
            if (value["usage"] is { IsObject: true } counts) usage = Usage(counts);
            return value["choices"].TryGetArray(out var choices) ? Choice(choices.FirstOrDefault(choice => choice["index"] is var at && (at.IsNull || at == 0))) : "";
        }
        catch (InvalidOperationException)   // a member that should be an object is not
        {
            throw NotChat("its members are of other types");
        }
    }

    /// <summary>The whole of a completion that did not come as a stream; a chunk without choices is in order there only.</summary>
    public void RequireChoice()
    {
        if (!hasChoice) throw NotChat("it has no choices");
    }

    /// <param name="cut">The stream ended without its mark.</param>
    public ModelAnswer ToAnswer(bool cut)
    {
        if (finishReason == "content_filter") throw Refused("its content filter stopped the answer");
        if (refusal.Length > 0) throw Refused($"it says: {quotation.Of(refusal.ToString())}");
        if (cut && !IsFinished) throw Broken();
        RequireChoice();
        if (callsTools && text.Length == 0) throw CallErrors.BadAnswer($"{label} answered with a tool call, but none was offered.");
        if (text.Length == 0)
        {
            throw CallErrors.BadAnswer(finishReason == "length"
                ? $"{label} used up its tokens before it wrote an answer. Raise max_tokens: some models count what they think."
                : $"{label} answered without any text (finish_reason {finishReason ?? "is missing"}).");
        }
        return new ModelAnswer(text.ToString(), finishReason ?? "unknown", usage) { UpstreamModel = model };
    }

    /// <summary>The connection ended in order, the answer did not.</summary>
    public WorkflowException Broken() =>
        new(new WorkflowError(ErrorTypes.Communication, 502, "Communication Error", $"{label} ended its stream in the middle of an answer, without finish_reason or {EndOfStream}."), ErrorClass.Connectivity);

    private string Choice(JqValue choice)
    {
        if (!choice.IsObject) return "";
        hasChoice = true;
        if (choice["finish_reason"].TryGetString(out var reason) && reason.Length > 0) finishReason = reason;
        var part = choice["delta"] is { IsObject: true } delta ? delta : choice["message"];
        if (!part.IsObject) return "";
        if (part["refusal"].TryGetString(out var refused)) refusal.Append(refused);
        callsTools |= part["tool_calls"].TryGetArray(out var calls) && calls.Count > 0;
        if (part["content"] is var content && !content.TryGetString(out var added))
        {
            return content.IsNull ? "" : throw NotChat("its content is not text");
        }
        text.Append(added);
        return added;
    }

    private JqValue Parse(string json)
    {
        try
        {
            var value = JqValue.Parse(json);
            return value.IsObject || value.IsArray ? value : throw NotChat("it is no object");
        }
        catch (JqParseException e)
        {
            throw NotChat($"it is not JSON (line {e.Line}, column {e.Column})");
        }
    }

    private WorkflowException Refused(string how) =>
        new(new WorkflowError(ErrorTypes.Communication, 422, "Content Refused", $"{label} declined to answer: {how.TrimEnd('.')}."), ErrorClass.ContentRefused);

    private WorkflowException NotChat(string what) => CallErrors.BadAnswer($"{label} answered something that is not a chat completion: {what}. Does its BaseUrl lead to an OpenAI-compatible API?");

    private static ModelUsage Usage(JqValue counts)
    {
        var (prompt, completion) = (Count(counts["prompt_tokens"]), Count(counts["completion_tokens"]));
        return new ModelUsage(prompt, completion, Count(counts["total_tokens"]) is > 0 and var total ? total : prompt + completion);
    }

    private static long Count(JqValue value) => value.TryGetInt64(out var count) && count > 0 ? count : 0;
}
