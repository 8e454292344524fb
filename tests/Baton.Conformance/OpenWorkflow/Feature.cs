using System.Text.RegularExpressions;

namespace Baton.Conformance.OpenWorkflow;

/// <summary>A scenario of a Gherkin file: its steps, each with the text block below it.</summary>
internal sealed record Scenario(string Feature, string Name, IReadOnlyList<ScenarioStep> Steps);

/// <param name="Text">Without its keyword.</param>
/// <param name="Block">The lines between triple quotes, without their common indentation; null for none.</param>
internal sealed record ScenarioStep(string Text, string? Block);

/// <summary>Reads the part of Gherkin that the kit uses: features, scenarios, steps, text blocks, comments.</summary>
internal static partial class Feature
{
    public static IEnumerable<Scenario> Read(string path)
    {
        var feature = Path.GetFileNameWithoutExtension(path);
        var lines = File.ReadAllLines(path);
        string? name = null;
        var steps = new List<ScenarioStep>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith("Scenario:", StringComparison.Ordinal))
            {
                if (name is not null) yield return new Scenario(feature, name, steps);
                (name, steps) = (line["Scenario:".Length..].Trim(), []);
            }
            else if (name is not null && Step().Match(line) is { Success: true } match)
            {
                var text = match.Groups["text"].Value;
                string? block = null;
                if (i + 1 < lines.Length && lines[i + 1].Trim().StartsWith("\"\"\"", StringComparison.Ordinal))
                {
                    var begin = i += 2;
                    while (!lines[i].Trim().StartsWith("\"\"\"", StringComparison.Ordinal)) i++;
                    block = Unindent(lines[begin..i]);
                }
                steps.Add(new ScenarioStep(text, block));
            }
        }
        if (name is not null) yield return new Scenario(feature, name, steps);
    }

    private static string Unindent(string[] lines)
    {
        var common = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > common ? line[common..] : line.Trim()));
    }

    [GeneratedRegex("^(Given|When|Then|And|But) (?<text>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Step();
}
