using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Conformance.JsonSchema;

/// <summary>
/// The official JSON Schema test suite, draft 2020-12: a folder of files, each an array of groups with a schema and its cases. Documents
/// that cases refer to on other hosts are read from the subfolder <c>remotes</c>, if it is there.
/// </summary>
public static class JsonSchemaSuite
{
    /// <summary>Where the suite says that its remote documents are.</summary>
    private const string RemoteHost = "http://localhost:1234/";

    /// <summary>Name of the suite in reports.</summary>
    public const string Name = "json-schema";

    /// <summary>Runs all cases of the files in a folder, in the order of their names.</summary>
    /// <returns>For each case the file and group, the case, whether the verdict was right, and if not, what it was.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FormatException">A file is no JSON.</exception>
    public static IEnumerable<(string Group, string Case, bool Passed, string? Detail)> Run(string folder)
    {
        var options = new JsonSchemaOptions { Registry = ReadRemotes(Path.Combine(folder, "remotes")) };
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            foreach (var group in Read(file).AsArray().ToArray())
            {
                var name = $"{Path.GetFileNameWithoutExtension(file)}: {group["description"].AsString()}";
                Baton.Engine.Schema.JsonSchema.TryCompile(group["schema"], options, out var schema, out var problems);
                foreach (var test in group["tests"].AsArray().ToArray())
                {
                    var detail = schema is null ? string.Join("; ", problems) : Judge(schema, test["data"], test["valid"].AsBoolean());
                    yield return (name, test["description"].AsString(), detail is null, detail);
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
            registry = registry.With(RemoteHost + Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), Read(file));
        }
        return registry;
    }

    private static JqValue Read(string file) => JqValue.Parse(File.ReadAllBytes(file));
}
