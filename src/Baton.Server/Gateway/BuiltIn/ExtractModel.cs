using Baton.Engine;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>
/// The model <c>baton/extract</c>: answers a question from the text that comes with it, by finding the sentences that say most about it. It needs no
/// provider, sends nothing anywhere, and gives the same answer every time. It finds; it does not judge, sum up or write.
/// </summary>
/// <remarks>
/// How it tells question and text apart: see <see cref="ExtractInput"/>. Without a schema the answer is the sentences, in the order of the text, a
/// line each. With a schema it fills <c>coverage</c> (a number from 0 to 1), <c>quotes</c> (parts of the text, letter by letter) and <c>answer</c> (the
/// quotes as one text): an object of those that the schema names, else coverage and quotes, else a list of quotes, else one text; the first
/// that fits. Temperature, stop and seed change nothing; tokens are words, counted.
/// </remarks>
internal sealed class ExtractModel : IChatModel
{
    public const string Name = "baton/extract";

    private const int MaxQuotes = 5;
    private const string Nothing = "The text says nothing about this.";

    private static readonly string[] Members = ["coverage", "quotes", "answer"];

    public async Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var input = ExtractInput.Of(request);
        var extractor = new Extractor(input.Question, input.Text);
        var (text, isCut) = request.Schema is { } schema ? (Fill(schema, extractor).ToJson(), false) : Words(extractor, request.MaxTokens ?? int.MaxValue);
        if (onDelta is not null) await onDelta(text, cancel);
        return new ModelAnswer(text, isCut ? "length" : "stop", WordCount.Usage(request, text)) { UpstreamModel = Name };
    }

    private static (string Text, bool IsCut) Words(Extractor extractor, int maxTokens)
    {
        for (var count = MaxQuotes; count > 0; count--)
        {
            var extract = extractor.Take(count);
            if (extract.Quotes.IsEmpty) return (Nothing, false);
            var text = string.Join('\n', extract.Quotes);
            if (WordCount.Of(text) <= maxTokens || extract.Quotes.Length == 1) return (text, count < MaxQuotes && extractor.Take(count + 1).Quotes.Length > extract.Quotes.Length);
        }
        return (Nothing, false);
    }

    /// <summary>The best value that fits; fewer quotes where the schema allows no more.</summary>
    private static JqValue Fill(JqValue schema, Extractor extractor)
    {
        var compiled = JsonSchema.Compile(schema);
        for (var count = MaxQuotes; count >= 0; count--)
        {
            foreach (var value in Shapes(schema, extractor.Take(count)))
            {
                if (compiled.IsValid(value)) return value;
            }
        }
        throw new WorkflowException(
            new WorkflowError(ErrorTypes.Validation, 422, "Schema Mismatch", $"{Name} cannot fill this schema. It fills objects with coverage (a number from 0 to 1), quotes (a list of texts) and answer (a text), a list of texts, or one text; for anything else ask a model of a provider."), ErrorClass.SchemaMismatch);
    }

    private static IEnumerable<JqValue> Shapes(JqValue schema, Extract extract)
    {
        var quotes = JqValue.Array([.. extract.Quotes.Select(quote => (JqValue)quote)]);
        var answer = extract.Quotes.IsEmpty ? Nothing : string.Join('\n', extract.Quotes);
        var all = JqValue.Object(("coverage", extract.Coverage), ("quotes", quotes), ("answer", answer));
        if (schema.TryGetObject(out var keywords) && keywords.TryGetValue("properties", out var properties) && properties.TryGetObject(out var named) && Members.Any(named.ContainsKey))
        {
            yield return JqValue.Object([.. Members.Where(named.ContainsKey).Select(name => (name, all[name]))]);
        }
        yield return JqValue.Object(("coverage", extract.Coverage), ("quotes", quotes));
        yield return all;
        yield return quotes;
        yield return answer;
    }
}
