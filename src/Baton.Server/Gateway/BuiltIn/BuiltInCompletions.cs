using System.Text;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>The built-in models as applications ask them, whole and as a stream. What they say is chat completions, and translated for who asks in other words.</summary>
internal sealed class BuiltInCompletions(ModelCaller models, KeptResponses responses, TimeProvider time)
{
    private static readonly ModelOptions AsTheyAre = new();

    /// <param name="earlier">What the conversation goes on from; null for nothing.</param>
    public async Task AnswerAsync(GatewayCall call, string model, ReadOnlyMemory<byte> body, bool isStream, EarlierTurns? earlier)
    {
        if (Refuse(call.Surface, model) is { } refusal)
        {
            await call.RefuseAsync(refusal);
            return;
        }
        Translation? translation = null;
        if (call.Surface != Surface.ChatCompletions)
        {
            translation = Translation.Read(call.Surface, body, earlier?.Items, out var problem);
            if (translation is not null) body = translation.Write(Dialect.OpenAi, model, AsTheyAre, affordable: null, asksForUsage: true, out problem);
            if (problem is not null)
            {
                await call.RefuseAsync(problem);
                return;
            }
        }
        var id = call.Id[RequestId.Prefix.Length..];
        using var answered = translation?.Answer(Dialect.OpenAi, AsTheyAre, id, call.Account.At, model, responses.AreOn);
        var voice = new BuiltInVoice(call, answered, responses);
        var head = JqValue.Object(("id", $"chatcmpl-{id}"), ("created", time.GetUtcNow().ToUnixTimeSeconds()), ("model", model)).AsObject();
        var stream = new Events(voice, head);
        try
        {
            var value = JqValue.Parse(body.Span);
            call.Account.Asked = models.Find(call.Origin.Tenant, model);
            var faults = new Faults();
            var request = Read(value, model, call.Origin, faults);
            if (faults.First is { } fault)
            {
                await call.RefuseAsync(fault);
                return;
            }
            if (call.Surface == Surface.CountTokens)
            {
                await call.SendAsync(StatusCodes.Status200OK, JqValue.Object(("input_tokens", WordCount.Of(request))).ToUtf8Bytes());
                return;
            }
            var answer = await models.CompleteAsync(request, isStream ? stream.SayAsync : null, call.Cancel);
            call.Account.Counted = TokenUsage.Within(answer.Usage.PromptTokens, 0, answer.Usage.CompletionTokens, 0);
            if (isStream) await stream.EndAsync(answer, value["stream_options"] is { IsObject: true } asked && asked["include_usage"].IsTruthy);
            else await voice.WholeAsync(Whole(head, answer));
        }
        catch (WorkflowException e) when (!call.Answer.HasBegun)
        {
            await call.RefuseAsync(ErrorOf(e));
        }
        catch (WorkflowException e)
        {
            call.Account.Outcome = CallOutcome.Broken;
            await call.BreakAsync(ErrorOf(e));
        }
        catch (JqParseException e)
        {
            await call.RefuseAsync(GatewayError.Invalid($"The body is not JSON: {e.Message}"));
        }
        catch (InvalidOperationException)   // a member that should be an object is not
        {
            await call.RefuseAsync(GatewayError.Invalid("A member of the request is of another type than it must be."));
        }
    }

    /// <summary>Why they do not answer at an address; null where they do.</summary>
    public static GatewayError? Refuse(Surface surface, string model) => surface.IsConversation || surface == Surface.CountTokens ? null
        : GatewayError.Invalid($"The built-in model '{model}' answers at /v1/chat/completions, /v1/responses, /v1/messages and /v1/messages/count_tokens only.", "model", "wrong_dialect");

    private static byte[] Whole(JqObject head, ModelAnswer answer)
    {
        var choice = JqValue.Object(("index", 0), ("message", JqValue.Object(("role", "assistant"), ("content", answer.Text), ("refusal", JqValue.Null))), ("logprobs", JqValue.Null), ("finish_reason", answer.FinishReason));
        return Compose(head, "chat.completion", JqValue.Array(choice), answer.Usage).ToUtf8Bytes();
    }

    private static JqValue Compose(JqObject head, string kind, JqValue choices, ModelUsage? usage = null)
    {
        var body = new JqObject.Builder { ["id"] = head["id"], ["object"] = kind, ["created"] = head["created"], ["model"] = head["model"], ["choices"] = choices };
        if (usage is not null) body["usage"] = usage.ToValue();
        return body.ToObject();
    }

    /// <summary>By the rules that hold for steps of workflows.</summary>
    private static ModelRequest Read(JqValue body, string model, CallOrigin origin, Faults faults)
    {
        if (!body["messages"].TryGetArray(out var messages) || messages.Count == 0) throw Outbound.CallErrors.Invalid("'messages' must be a list of at least one message.");
        if (body["tools"].TryGetArray(out var tools) && tools.Count > 0) throw Outbound.CallErrors.Invalid($"The built-in model '{model}' calls no tools.");
        if (faults.Whole(body, "n", 1) > 1) faults.Add("n", $"must be 1: the built-in model '{model}' gives one answer a request.");
        var (most, older) = (faults.Whole(body, "max_completion_tokens", 1), faults.Whole(body, "max_tokens", 1));
        return new ModelRequest
        {
            Origin = origin,
            Model = model,
            Messages = [.. messages.Select(message => new ModelMessage(message["role"].TryGetString(out var role) ? role : "user", TextOf(message["content"])))],
            Temperature = faults.Number(body, "temperature", 0, 2),
            MaxTokens = (most ?? older) is { } tokens ? (int)Math.Min(tokens, int.MaxValue) : null,
            Stop = faults.Texts(body, "stop"),
            Seed = faults.Whole(body, "seed", long.MinValue),
            Schema = body["response_format"] is { IsObject: true } format && format["type"] == "json_schema" ? format["json_schema"]["schema"] : (JqValue?)null,
        };
    }

    /// <summary>A text, or the texts of a list of parts.</summary>
    private static string TextOf(JqValue content)
    {
        if (content.TryGetString(out var text)) return text;
        if (!content.TryGetArray(out var parts)) return "";
        return string.Join("\n", parts.Select(part => part["text"].TryGetString(out var said) ? said : throw Outbound.CallErrors.Invalid("The built-in models read texts only.")));
    }

    private static GatewayError ErrorOf(WorkflowException e)
    {
        var (status, type, code) = e.Class switch
        {
            ErrorClass.RateLimit => (429, "rate_limit_error", "rate_limit_exceeded"),
            ErrorClass.Auth => (502, "api_error", "upstream_credential"),
            ErrorClass.ServiceUnavailable => (503, "overloaded_error", "overloaded"),
            ErrorClass.Connectivity => (504, "timeout_error", "upstream_timeout"),
            ErrorClass.ContextTooLong => (400, "invalid_request_error", "context_length_exceeded"),
            ErrorClass.ContentRefused => (400, "invalid_request_error", "content_policy_violation"),
            ErrorClass.DataValidation or ErrorClass.SchemaMismatch => (400, "invalid_request_error", "invalid_request"),
            ErrorClass.BudgetExceeded => (429, "insufficient_quota", "insufficient_quota"),
            _ => (500, "api_error", "internal"),
        };
        return new GatewayError(status, type, code, e.Error.Detail ?? e.Error.Title ?? "The model failed.") { RetryAfter = e.RetryAfter };
    }

    /// <summary>The events of a stream: a chunk each.</summary>
    private sealed class Events(BuiltInVoice voice, JqObject head)
    {
        private bool hasBegun;

        public async ValueTask SayAsync(string text, CancellationToken cancel)
        {
            if (!hasBegun) await ChunkAsync(JqValue.Object(("role", "assistant"), ("content", "")), JqValue.Null);
            hasBegun = true;
            if (text.Length > 0) await ChunkAsync(JqValue.Object(("content", text)), JqValue.Null);
        }

        public async Task EndAsync(ModelAnswer answer, bool withUsage)
        {
            await SayAsync("", CancellationToken.None);
            await ChunkAsync(JqValue.EmptyObject, answer.FinishReason);
            if (withUsage) await SendAsync(Compose(head, "chat.completion.chunk", JqValue.EmptyArray, answer.Usage).ToJson());
            await SendAsync("[DONE]");
        }

        private ValueTask SendAsync(string data) => voice.SayAsync(Encoding.UTF8.GetBytes($"data: {data}\n\n"));

        private ValueTask ChunkAsync(JqValue delta, JqValue finish) =>
            SendAsync(Compose(head, "chat.completion.chunk", JqValue.Array(JqValue.Object(("index", 0), ("delta", delta), ("logprobs", JqValue.Null), ("finish_reason", finish)))).ToJson());
    }
}
