using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>
/// The aggregate function: counts, success rate and figures over a list, for all and by group. Output:
/// <c>{ total, succeeded, failed, success_rate, values: { name: { count, sum, mean, min, max, median, p95, stddev } }, groups: { key: the same } }</c>.
/// </summary>
internal static class Aggregation
{
    /// <remarks>
    /// An item succeeds when <c>success</c> is true of it, or when no <c>success</c> is given and it has no <c>error</c>. Values that are
    /// not numbers are left out. Percentiles are by nearest rank; stddev is that of the population; the rate of nothing is null.
    /// </remarks>
    public static JqValue Compute(AggregateRule rule, JqValue input, Scope scope, string pointer)
    {
        var source = rule.In.Evaluate(input, scope, pointer);
        if (!source.TryGetArray(out var items)) items = source.IsNull ? JqArray.Empty : throw new WorkflowException(new WorkflowError(ErrorTypes.Expression, 400, "Not a list", $"'in' gave {Parsing.ObjectReader.Describe(source)}, not a list.", pointer), ErrorClass.DataValidation);
        var all = new Group(rule);
        var groups = new SortedDictionary<string, Group>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var isSuccess = rule.Success?.Evaluate(item, scope, pointer).IsTruthy ?? item is not { IsObject: true } || item["error"].IsNull;
            var values = rule.Values.Select(value => value.Value.Evaluate(item, scope, pointer)).ToArray();
            all.Add(isSuccess, values);
            if (rule.By is null) continue;
            var key = rule.By.Evaluate(item, scope, pointer);
            var name = key.TryGetString(out var text) ? text : key.ToJson();
            if (!groups.TryGetValue(name, out var group)) groups.Add(name, group = new Group(rule));
            group.Add(isSuccess, values);
        }
        var output = all.Describe();
        return rule.By is null ? output.ToObject() : WithGroups(output, groups);
    }

    private static JqValue WithGroups(JqObject.Builder output, SortedDictionary<string, Group> groups)
    {
        var described = new JqObject.Builder();
        foreach (var (name, group) in groups) described[name] = group.Describe().ToObject();
        output["groups"] = described.ToObject();
        return output.ToObject();
    }

    private sealed class Group(AggregateRule rule)
    {
        private readonly List<double>[] values = [.. rule.Values.Select(_ => new List<double>())];
        private int total, succeeded;

        public void Add(bool isSuccess, JqValue[] numbers)
        {
            total++;
            if (isSuccess) succeeded++;
            for (var i = 0; i < numbers.Length; i++)
            {
                if (numbers[i].TryGetDouble(out var number) && double.IsFinite(number)) values[i].Add(number);
            }
        }

        public JqObject.Builder Describe()
        {
            var output = new JqObject.Builder();
            output["total"] = total;
            output["succeeded"] = succeeded;
            output["failed"] = total - succeeded;
            output["success_rate"] = total == 0 ? JqValue.Null : (double)succeeded / total;
            if (values.Length == 0) return output;
            var figures = new JqObject.Builder();
            for (var i = 0; i < values.Length; i++) figures[rule.Values[i].Key] = Figures(values[i]);
            output["values"] = figures.ToObject();
            return output;
        }

        private static JqValue Figures(List<double> numbers)
        {
            if (numbers.Count == 0) return JqValue.Object(("count", 0));
            numbers.Sort();
            var mean = numbers.Average();
            return JqValue.Object(
                ("count", numbers.Count), ("sum", numbers.Sum()), ("mean", mean), ("min", numbers[0]), ("max", numbers[^1]),
                ("median", Percentile(numbers, 50)), ("p95", Percentile(numbers, 95)), ("stddev", Math.Sqrt(numbers.Average(number => (number - mean) * (number - mean)))));
        }

        private static double Percentile(List<double> sorted, int percent) => sorted[Math.Max(0, (int)Math.Ceiling(percent / 100.0 * sorted.Count) - 1)];
    }
}
