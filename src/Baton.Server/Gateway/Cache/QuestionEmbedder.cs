using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Asks a model for the meaning of a question, as a vector, on behalf of the call that has it: within its budgets, and accounted for as a call of its own.</summary>
internal sealed class QuestionEmbedder(RouteTable table, RouteCaller models, UsageLedger ledger, TimeProvider time, ILogger<QuestionEmbedder> log)
{
    private const int MaxAnswer = 4 << 20;

    /// <returns>A vector of length 1; null where there is none to be had.</returns>
    public async Task<float[]?> AskAsync(GatewayCall call, SimilarOptions settings, string question)
    {
        var model = settings.Model;
        if (table.Current.Find(call.Origin.Tenant, model) is not { } route)
        {
            log.QuestionNotRead(call.Id, model, "there is no such model");
            return null;
        }
        var answer = new AnswerRecording(MaxAnswer);
        using var late = new CancellationTokenSource(settings.Timeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel, late.Token);
        var asked = new GatewayCall(Surface.Embeddings, call.Origin, new HeaderDictionary(), time, any.Token) { Answer = answer, CanDoWithout = true };
        var body = JqValue.Object(("model", model), ("input", question), ("encoding_format", "float")).ToUtf8Bytes();
        var request = ForwardedRequest.Of(body, Surface.Embeddings);
        asked.Account.OwnTokens = request.Peek.PromptTokens;
        var since = time.GetTimestamp();
        try
        {
            await models.AskAsync(asked, route, request);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !call.Cancel.IsCancellationRequested)
        {
            log.QuestionNotRead(call.Id, model, "it takes longer than Cache:Similar:Timeout");
            return null;
        }
        catch (OperationCanceledException)
        {
            asked.Account.Outcome = CallOutcome.Cancelled;
            throw;
        }
        finally
        {
            ledger.Close(asked.Account);
            call.Waited(since);
        }
        answer.Complete(isWhole: true);
        if (answer.Status == 200 && answer.Frames is { } pieces && Read([.. pieces.SelectMany(static piece => piece)]) is { } vector) return vector;
        log.QuestionNotRead(call.Id, model, answer.Status == 200 ? "its answer is no embedding" : $"it was answered {answer.Status}");
        return null;
    }

    private static float[]? Read(byte[] body)
    {
        try
        {
            var numbers = JqValue.Parse(body)["data"][0]["embedding"].AsArray();
            var vector = new float[numbers.Count];
            for (var i = 0; i < vector.Length; i++) vector[i] = (float)numbers[i].AsDouble();
            return AskedQuestions.Normal(vector);
        }
        catch (Exception e) when (e is JqParseException or InvalidOperationException)
        {
            return null;
        }
    }
}
