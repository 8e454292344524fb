using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Conformance.JsonSchema;

/// <summary>
/// The official JSON Schema test suite, draft 2020-12: a folder of files, each an array of groups with a schema and its cases. Documents
/// that cases refer to on other hosts are read from the subfolder <c>remotes</c>, if it is there.
/// </summary>
public sealed class JsonSchemaSuite : ISuite
{
    /// <summary>Name of the suite in reports.</summary>
    public const string SuiteName = "json-schema";

    /// <summary>Where the suite says that its remote documents are.</summary>
    private const string RemoteHost = "http://localhost:1234/";

    /// <summary>Files whose subject is documents on other hosts; without those documents they say nothing about a validator.</summary>
    private static readonly string[] AboutRemotes = ["refRemote: ", "vocabulary: "];

    /// <inheritdoc/>
    public string Name => SuiteName;

    /// <summary>Runs the required cases but for the files about documents on other hosts.</summary>
    public IReadOnlyList<CaseResult>? Run(string data) =>
        Read(data) is { } cases ? [.. cases.Where(one => !AboutRemotes.Any(file => one.Name.StartsWith(file, StringComparison.Ordinal)))] : null;

    /// <summary>Runs all cases of <c>json-schema</c>, in the order of the files' names; null when it is absent.</summary>
    /// <exception cref="FormatException">A file is no JSON.</exception>
    public static IReadOnlyList<CaseResult>? Read(string data)
    {
        var folder = Path.Combine(data, SuiteName);
        if (!Directory.Exists(folder)) return null;
        var remotes = Path.Combine(folder, "remotes");
        var known = Directory.Exists(remotes) ? new Dictionary<string, string>(StringComparer.Ordinal) : MissingDocuments.ByCase;
        return [.. Run(folder, new JsonSchemaOptions { Registry = ReadRemotes(remotes) }, known)];
    }

    private static IEnumerable<CaseResult> Run(string folder, JsonSchemaOptions options, IReadOnlyDictionary<string, string> known)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            foreach (var group in Read(new FileInfo(file)).AsArray().ToArray())
            {
                Baton.Engine.Schema.JsonSchema.TryCompile(group["schema"], options, out var schema, out var problems);
                foreach (var test in group["tests"].AsArray().ToArray())
                {
                    var name = $"{Path.GetFileNameWithoutExtension(file)}: {group["description"].AsString()} | {test["description"].AsString()}";
                    var detail = schema is null ? string.Join("; ", problems) : Judge(schema, test["data"], test["valid"].AsBoolean());
                    yield return new CaseResult(name, detail is null, detail, known.TryGetValue(name, out var document) ? $"needs {document} of the suite's remote host, which is not among the data" : null);
                }
            }
        }
    }

    // Both ways to ask must give the same answer.
    private static string? Judge(Baton.Engine.Schema.JsonSchema schema, JqValue data, bool isValid)
    {
        var result = schema.Validate(data);
        if (schema.IsValid(data) != result.IsValid) return "IsValid and Validate disagree";
        return result.IsValid == isValid ? null : isValid ? $"should be valid, but: {result}" : "should be invalid, but is valid";
    }

    private static SchemaRegistry ReadRemotes(string folder)
    {
        var registry = SchemaRegistry.Empty;
        if (!Directory.Exists(folder)) return registry;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories))
        {
            registry = registry.With(RemoteHost + Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), Read(new FileInfo(file)));
        }
        return registry;
    }

    private static JqValue Read(FileInfo file) => JqValue.Parse(File.ReadAllBytes(file.FullName));
}
