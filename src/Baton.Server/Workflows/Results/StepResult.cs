using System.Globalization;
using System.Text.Json;
using Baton.Engine.Dsl;
using Baton.Jq;

namespace Baton.Server.Workflows;

/// <summary>The outcome of a step, as a sum sees it.</summary>
/// <param name="Numbers">Numbers in its output: itself, or its fields, by name.</param>
internal sealed record StepResult(string Key, bool Success, double Seconds, bool IsModelCall, IReadOnlyList<(string Name, double Value)> Numbers)
{
    private const int MaxNumbers = 20;

    /// <summary>The step's name: the last part of its key, without the number of a map's item.</summary>
    public string Name
    {
        get
        {
            var last = Key[(Key.LastIndexOf('/') + 1)..];
            var end = last.AsSpan().IndexOfAny('[', '~');
            return end > 0 ? last[..end] : last;
        }
    }

    /// <summary>How sure the output says that it is.</summary>
    public double? Confidence => Numbers.Where(number => number.Name is "confidence" or "confidence_score").Select(number => (double?)number.Value).FirstOrDefault();

    /// <summary>The outcome in an entry; null for an entry that is none.</summary>
    public static StepResult? Read(in JournalRow row)
    {
        var meta = string.IsNullOrEmpty(row.Meta) ? null : JsonSerializer.Deserialize(row.Meta, JournalJson.Default.JournalMeta);
        if (row.Kind != JournalKind.StepCompleted && !(row.Kind == JournalKind.StepFailed && meta?.RetryAtMs is null)) return null;
        return new StepResult(row.Key, row.Kind == JournalKind.StepCompleted, (row.TookMs ?? 0) / 1_000.0, meta?.Step is { ValueKind: JsonValueKind.Object } said && said.TryGetProperty("model", out _), NumbersIn(row.Body));
    }

    /// <summary>The map and the item that the step belongs to, with the rest of its key; null outside a map. The innermost one.</summary>
    public (string Map, int Item, string Inner)? Place
    {
        get
        {
            var open = Key.LastIndexOf('[');
            var close = open < 0 ? -1 : Key.IndexOf(']', open);
            return close > 0 && int.TryParse(Key.AsSpan(open + 1, close - open - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var item) ? (Key[..open], item, Key[(close + 1)..].TrimStart('/')) : null;
        }
    }

    private static List<(string Name, double Value)> NumbersIn(ReadOnlyMemory<byte> body)
    {
        var numbers = new List<(string, double)>();
        if (body.IsEmpty || body.Length > Body.MaxInline) return numbers;
        var output = Views.Element(body.Span);
        if (output.ValueKind == JsonValueKind.Number && output.TryGetDouble(out var whole) && double.IsFinite(whole)) numbers.Add(("", whole));
        if (output.ValueKind != JsonValueKind.Object) return numbers;
        foreach (var field in output.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetDouble(out var number) && double.IsFinite(number) && numbers.Count < MaxNumbers) numbers.Add((field.Name, number));
        }
        return numbers;
    }
}

/// <summary>Which category the results of a document's tasks belong to, by what the tasks call.</summary>
internal sealed class StepCategories
{
    public const string Analysis = "analysis", Documents = "documents", Integrations = "integrations", Steps = "steps";

    private readonly Dictionary<string, string> byTask = new(StringComparer.Ordinal);

    public StepCategories(WorkflowDefinition? definition)
    {
        if (definition is not null) Walk(definition.Source, "");
    }

    public string Of(StepResult step) => step.IsModelCall || step.Confidence is not null ? Analysis : byTask.GetValueOrDefault(step.Name, Steps);

    /// <summary>A task is an object below its name; two of one name in one document count as the first.</summary>
    private void Walk(JqValue value, string name)
    {
        if (value.TryGetArray(out var items))
        {
            foreach (var item in items) Walk(item, "");
            return;
        }
        if (!value.TryGetObject(out var fields)) return;
        if (name.Length > 0 && value["call"].TryGetString(out var call)) byTask.TryAdd(name, CategoryOf(call));
        else if (name.Length > 0 && value["run"].IsObject) byTask.TryAdd(name, Integrations);
        foreach (var (key, inner) in fields) Walk(inner, key);
    }

    private static string CategoryOf(string call) => call switch
    {
        "llm" or "agent" or "prompt" or "embed" => Analysis,
        "document" or "retrieve" => Documents,
        "http" or "openapi" or "grpc" or "asyncapi" => Integrations,
        _ => Steps,
    };
}
