using System.Collections;
using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Baton.Client;
using Baton.Conformance;
using Baton.Conformance.OpenWorkflow;
using Baton.Engine.Dsl;
using Baton.Engine.Dsl.Parsing;
using Baton.Engine.Schema;
using Baton.Server.Http;

namespace Baton.Server.Tests;

/// <summary>What the documentation says is there, and what is there is in the documentation.</summary>
public sealed partial class DocsTests
{
    private static readonly string Docs = Path.Combine(ConformanceData.Root, "docs");

    /// <summary>Null where the specification is not beside the repository.</summary>
    private static readonly Lazy<JsonSchema?> OfficialSchema = new(() =>
        Path.Combine(ConformanceData.Folder, "open-workflow", "schema", "workflow.yaml") is var file && File.Exists(file) ? JsonSchema.Compile(YamlReader.Read(File.ReadAllText(file)).Value) : null);

    [Fact]
    public void Every_option_has_an_entry_and_every_entry_is_an_option()
    {
        var options = (from type in typeof(BatonHost).Assembly.GetTypes()
                       let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
                       where section is { IsLiteral: true } && section.FieldType == typeof(string)
                       from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                       where property.CanWrite || typeof(IEnumerable).IsAssignableFrom(property.PropertyType)
                       select $"{section.GetRawConstantValue()}:{property.Name}").ToList();
        var entries = OptionEntry().Matches(Read("operate/configuration.md")).Select(match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(options);
        Assert.Empty(options.Except(entries, StringComparer.Ordinal).Select(option => $"has no row in docs/operate/configuration.md: {option}"));
        Assert.Empty(entries.Except(options, StringComparer.Ordinal).Select(entry => $"is documented, but is no option: {entry}"));
        Assert.Equal(entries.Distinct(StringComparer.Ordinal), entries);
    }

    [Fact]
    public void Every_problem_of_the_API_has_an_entry()
    {
        var problems = (from method in typeof(Problems).GetMethods(BindingFlags.Public | BindingFlags.Static)
                        where method.ReturnType == typeof(ProblemResult) && method.Name != nameof(Problems.Of)
                        select ((ProblemResult)method.Invoke(null, [.. method.GetParameters().Select(Any)])!).Problem).DistinctBy(problem => problem.Type).ToList();
        var text = Read("operate/problems.md");

        Assert.True(problems.Count > 10);
        foreach (var problem in problems) Assert.Contains($"## `{problem.Type}`\n\n{problem.Status} · {problem.Title}.", text, StringComparison.Ordinal);

        static object Any(ParameterInfo parameter) => parameter.ParameterType switch
        {
            var type when type == typeof(string) => "x",
            var type when type == typeof(WorkflowName) => new WorkflowName("a", "b"),
            var type when type.IsValueType => Activator.CreateInstance(type)!,
            _ => Array.Empty<Fault>(),
        };
    }

    [Fact]
    public async Task Every_command_has_an_entry()
    {
        using var help = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "baton.dll"), "--help"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var text = await help.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await help.WaitForExitAsync(TestContext.Current.CancellationToken);
        var commands = text[text.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n').Skip(1).Where(line => line.Length > 0).Select(line => line.Trim().Split(' ')[0]).ToList();

        Assert.Contains("serve", commands);
        var page = Read("operate/command-line.md");
        Assert.All(commands, command => Assert.Matches($"(?m)^\\| `baton {command}[ `]", page));
    }

    [Fact]
    public async Task Every_workflow_in_the_documentation_is_accepted()
    {
        await using var kit = await Kit.StartAsync();
        var faults = new List<string>();
        var count = 0;
        foreach (var (file, text) in Snippets("yaml"))
        {
            count++;
            try
            {
                kit.Parse(Whole(text));
                if (OfficialSchema.Value?.Validate(YamlReader.Read(Whole(text)).Value) is { IsValid: false } result) faults.Add($"{file}: by the official schema: {result}\n{text}");
            }
            catch (InvalidWorkflowException e)
            {
                faults.Add($"{file}: {e.Message}\n{text}");
            }
        }
        Assert.Empty(faults);
        Assert.True(count >= 4, $"only {count} snippets were found");

        // A snippet may be the tasks alone.
        static string Whole(string text) => text.StartsWith("- ", StringComparison.Ordinal)
            ? $"document: {{ dsl: 1.0.3, namespace: docs, name: snippet, version: 1.0.0 }}\ndo:\n{string.Join('\n', text.Split('\n').Select(line => $"  {line}"))}" : text;
    }

    [Fact]
    public void Every_snippet_in_CSharp_stands_in_code_that_is_compiled()
    {
        var code = Squeeze(string.Join('\n', new[] { "samples/Greeting/Program.cs", "tests/Baton.Engine.Tests/DocumentationTests.cs" }.Select(file => File.ReadAllText(Path.Combine(ConformanceData.Root, file)))));
        var snippets = Snippets("csharp").ToList();

        Assert.NotEmpty(snippets);
        Assert.Empty(snippets.Where(snippet => !code.Contains(Squeeze(snippet.Text), StringComparison.Ordinal)).Select(snippet => $"{snippet.File}: {snippet.Text}"));

        static string Squeeze(string text) => Space().Replace(text, " ").Trim();
    }

    [Fact]
    public void Every_package_has_its_reason()
    {
        var reasons = Read("decisions/0010-dependencies.md");
        var packages = from folder in new[] { "src", "tests", "bench", "samples" }
                       from file in Directory.EnumerateFiles(Path.Combine(ConformanceData.Root, folder), "*.*proj", SearchOption.AllDirectories)
                           .Concat(Directory.EnumerateFiles(Path.Combine(ConformanceData.Root, folder), "Directory.Build.props"))
                       from Match package in Package().Matches(File.ReadAllText(file))
                       select package.Groups["name"].Value;
        Assert.All(packages.Distinct(StringComparer.Ordinal), package => Assert.Contains($"`{package}`", reasons, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        var dead = from file in Pages()
                   from Match link in Link().Matches(File.ReadAllText(file))
                   let target = link.Groups["target"].Value.Split('#')[0]
                   where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
                   let path = Path.Combine(Path.GetDirectoryName(file)!, Uri.UnescapeDataString(target))
                   where !File.Exists(path) && !Directory.Exists(path)
                   select $"{Path.GetRelativePath(ConformanceData.Root, file)}: {target}";
        Assert.Empty(dead);
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Docs, page));

    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(ConformanceData.Root, "*.md").Concat(new[] { "docs", "examples", "samples" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(ConformanceData.Root, folder), "*.md", SearchOption.AllDirectories)));

    private static IEnumerable<(string File, string Text)> Snippets(string language) =>
        from file in Pages()
        from Match fence in Fence().Matches(File.ReadAllText(file))
        where fence.Groups["language"].Value == language
        select (Path.GetRelativePath(ConformanceData.Root, file), fence.Groups["text"].Value);

    [GeneratedRegex(@"^\| `(?<name>[A-Z]\w+(:\w+)+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex OptionEntry();

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();

    [GeneratedRegex(@"(?<!`)\[[^\]\n]*\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("<PackageReference Include=\"(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Package();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
