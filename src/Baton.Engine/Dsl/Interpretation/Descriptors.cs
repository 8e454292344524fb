using Baton.Engine.Dsl.Documents;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>What <c>$task</c> and <c>$workflow</c> tell of themselves.</summary>
internal static class Descriptors
{
    /// <summary>The descriptor of the specification; properties of the definition can also be read directly, as its examples do.</summary>
    public static JqValue Task(TaskNode task, JqValue input, JqValue output, DateTimeOffset startedAt)
    {
        var members = task.Definition.TryGetObject(out var definition) ? new JqObject.Builder(definition, 6) : new JqObject.Builder();
        members["name"] = task.Name;
        members["reference"] = task.Pointer;
        members["definition"] = task.Definition;
        members["input"] = input;
        members["output"] = output;
        members["startedAt"] = Time(startedAt);
        return members.ToObject();
    }

    public static JqValue Workflow(RunContext run, JqValue definition, JqValue input) =>
        JqValue.Object(("id", run.Run.ToString()), ("definition", definition), ("input", input), ("startedAt", Time(run.StartedAt)));

    public static JqValue Time(DateTimeOffset time) => JqValue.Object(
        ("iso8601", Iso(time)),
        ("epoch", JqValue.Object(("seconds", time.ToUnixTimeSeconds()), ("milliseconds", time.ToUnixTimeMilliseconds()))));

    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public static JqValue Error(WorkflowError error)
    {
        var members = new JqObject.Builder();
        members["type"] = error.Type;
        members["status"] = error.Status;
        members["title"] = error.Title;
        if (error.Detail is not null) members["detail"] = error.Detail;
        if (error.Instance is not null) members["instance"] = error.Instance;
        if (error.Class is not null) members["class"] = error.Class;
        return members.ToObject();
    }
}
