using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Baton.Server.Tests;

/// <summary>The shape of the code, as the style guide draws it.</summary>
public sealed class ArchitectureTests
{
    private static readonly string[] Order =
    [
        "Sockets", "Http", "Storage", "Cluster", "Identity", "Outbound", "Processes", "Telemetry", "Words", "Flags", "Prompts", "Gateway", "Embeddings", "Documents", "Memory", "Learning", "Notifications", "Workflows", "PrConfidence", "Agents", "Chat", "Tasks",
    ];

    /// <summary>Not features: the command line stands over all of them.</summary>
    private static readonly string[] Outside = ["Commands"];

    private static string Root { get; } = FindRoot();

    private static string Server => Path.Combine(Root, "src", "Baton.Server");

    [Fact]
    public void Every_folder_of_the_server_has_its_place_in_the_line() =>
        Assert.Empty(Directory.EnumerateDirectories(Server).Select(Path.GetFileName).Where(folder => folder is not ("bin" or "obj" or "Properties" or "wwwroot")).Except([.. Order, .. Outside]));

    [Fact]
    public void A_feature_uses_only_what_stands_to_its_left() => Assert.Empty(
        from feature in Order
        where Directory.Exists(Path.Combine(Server, feature))
        from file in Directory.EnumerateFiles(Path.Combine(Server, feature), "*.cs", SearchOption.AllDirectories)
        from Match used in Regex.Matches(File.ReadAllText(file), @"Baton\.Server\.(\w+)")
        let other = used.Groups[1].Value
        where Array.IndexOf(Order, other) > Array.IndexOf(Order, feature) || Outside.Contains(other)
        select $"{feature} must not use {other}: {Path.GetRelativePath(Root, file)}");

    /// <summary>Inside its own namespace a feature may leave the prefix out: Workflows.RunStore instead of Baton.Server.Workflows.RunStore.</summary>
    [Fact]
    public void Nor_does_it_by_shortened_names() => Assert.Empty(
        from feature in Order
        where Directory.Exists(Path.Combine(Server, feature))
        from file in Directory.EnumerateFiles(Path.Combine(Server, feature), "*.cs", SearchOption.AllDirectories)
        from other in Order.Skip(Array.IndexOf(Order, feature) + 1).Where(other => Directory.Exists(Path.Combine(Server, other)))
        from type in Directory.EnumerateFiles(Path.Combine(Server, other), "*.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension)
        where Regex.IsMatch(Code(file), $@"(?<![\w.]){other}\.{type}\b")
        select $"{feature} must not use {other}.{type}: {Path.GetRelativePath(Root, file)}");

    [Fact]
    public void No_two_messages_of_the_log_have_one_number() => Assert.Empty(
        from file in Directory.EnumerateFiles(Server, "*Log.cs", SearchOption.AllDirectories)
        from Match message in Regex.Matches(File.ReadAllText(file), @"\[LoggerMessage\((\d+)")
        group Path.GetFileName(file) by message.Groups[1].Value into messages
        where messages.Count() > 1
        select $"{messages.Key}: {string.Join(", ", messages)}");

    [Fact]
    public void Every_type_of_the_server_is_internal_but_its_entrance() =>
        Assert.Equal(["Baton.Server.BatonApp"], typeof(BatonApp).Assembly.GetExportedTypes().Where(type => type.GetCustomAttribute<CompilerGeneratedAttribute>() is null && type.Namespace is not "Microsoft.AspNetCore.OpenApi.Generated" && type.Name != "Program").Select(type => type.FullName));

    [Theory]
    [InlineData("src/Baton.Jq")]
    [InlineData("src/Baton.Engine", "Baton.Jq")]
    [InlineData("src/Baton.Client")]
    [InlineData("src/Baton.Server", "Baton.Client", "Baton.Engine")]
    public void A_project_references_what_it_is_to_reference(string project, params string[] references) => Assert.Equal(references, References(Directory.EnumerateFiles(Path.Combine(Root, project), "*.csproj").Single()));

    [Fact]
    public void Only_tests_benchmarks_and_samples_reference_the_server() =>
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories), project => References(project).Contains("Baton.Server"));

    private static List<string> References(string project) =>
        [.. XDocument.Load(project).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))).Order(StringComparer.Ordinal)];

    /// <summary>Without comments and texts: they may speak of anything.</summary>
    private static string Code(string file) => Regex.Replace(File.ReadAllText(file), """//.*|"(?:[^"\\\n]|\\.)*"|\"{3}[\s\S]*?\"{3}""", "");

    private static string FindRoot([CallerFilePath] string here = "")
    {
        // Where the sources are built with mapped paths, they lie above the test's own folder.
        for (var folder = File.Exists(here) ? Path.GetDirectoryName(here) : AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Directory.Packages.props"))) return folder;
        }
        throw new InvalidOperationException("The sources are not where the tests are.");
    }
}
