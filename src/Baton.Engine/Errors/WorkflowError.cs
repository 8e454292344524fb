using System.Collections.Frozen;
using System.Text.Json.Serialization;

namespace Baton.Engine;

/// <summary>A fault as a workflow sees it: problem details (RFC 9457) and the class that policies decide by.</summary>
/// <param name="Type">A URI that names the kind of error.</param>
/// <param name="Status">The HTTP status that describes it best.</param>
/// <param name="Title">A short summary, the same for every occurrence.</param>
/// <param name="Detail">What happened this time, and what to do about it.</param>
/// <param name="Instance">JSON pointer of the task that raised it, such as <c>/do/0/getPet</c>.</param>
/// <param name="Class">The class, as its stored name (see <see cref="ErrorClasses.ToName"/>).</param>
public sealed record WorkflowError(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("status")] int Status,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("detail"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail = null,
    [property: JsonPropertyName("instance"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Instance = null,
    [property: JsonPropertyName("class"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Class = null)
{
    public override string ToString() => Detail is null ? $"{Title} ({Status})" : $"{Title} ({Status}): {Detail}";
}

/// <summary>The standard error types of the Open Workflow DSL, and the older URIs that name the same things.</summary>
public static class ErrorTypes
{
    private const string Base = "https://open-workflow-specification.org/spec/1.0.0/errors/";

    public const string Configuration = Base + "configuration";
    public const string Validation = Base + "validation";
    public const string Expression = Base + "expression";
    public const string Authentication = Base + "authentication";
    public const string Authorization = Base + "authorization";
    public const string Timeout = Base + "timeout";
    public const string Communication = Base + "communication";
    public const string Runtime = Base + "runtime";

    /// <summary>Ours: what a document asks for exists in the language, but not in this server.</summary>
    public const string NotSupported = "urn:baton:errors:not-supported";

    private static readonly string[] Bases =
    [
        Base,
        "https://open-workflow-specification.org/dsl/errors/types/",
        "https://serverlessworkflow.io/spec/1.0.0/errors/",
        "https://serverlessworkflow.io/dsl/errors/types/",
    ];

    private static readonly FrozenSet<string> Standard =
        FrozenSet.Create(StringComparer.Ordinal, "configuration", "validation", "expression", "authentication", "authorization", "timeout", "communication", "runtime");

    /// <summary>The specification renamed its URIs twice: all three spellings of a standard type are one. Other types are left as they are.</summary>
    public static string Canonical(string type)
    {
        foreach (var prefix in Bases)
        {
            if (type.StartsWith(prefix, StringComparison.Ordinal) && Standard.Contains(type[prefix.Length..])) return Base + type[prefix.Length..];
        }
        return type;
    }
}
