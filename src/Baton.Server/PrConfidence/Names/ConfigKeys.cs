using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Keys of a configuration file with their values, read line by line: JSON, YAML, TOML, INI, .properties and .env, as far as each key stands on its
/// own line.
/// </summary>
internal static class ConfigKeys
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Json = new(@"^\s*""(?<key>[^""\\]{1,100})""\s*:\s*(?<value>.*?),?\s*$", Options);
    private static readonly Regex Yaml = new(@"^(?<indent>\s*)(?<key>[A-Za-z_][\w.-]{0,99})\s*:(\s+(?<value>.*))?$", Options);
    private static readonly Regex Section = new(@"^\s*\[+(?<key>[\w.-]{1,100})\]+\s*$", Options);
    private static readonly Regex Assigned = new(@"^\s*(export\s+)?(?<key>[A-Za-z_][\w.-]{0,99})\s*[=:]\s*(?<value>.*)$", Options);

    public static IEnumerable<Declaration> Find(string path, string text)
    {
        var lines = text.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".json" or ".jsonc" => FromJson(lines),
            ".yaml" or ".yml" => FromYaml(lines),
            ".xml" => [],
            _ => FromAssignments(lines),
        };
    }

    private static IEnumerable<Declaration> FromJson(string[] lines)
    {
        var sections = new Stack<string?>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > 1000) continue;
            var key = Json.Match(lines[i]) is { Success: true } match ? match.Groups["key"].Value : null;
            if (key is not null) yield return Key(sections.Reverse().OfType<string>().Append(key), Json.Match(lines[i]).Groups["value"].Value, i);
            // Brackets inside a value are counted too; they come in pairs on a line, except where a section opens or closes.
            foreach (var c in lines[i])
            {
                if (c is '{' or '[')
                {
                    sections.Push(key);
                    key = null;
                }
                else if (c is '}' or ']' && sections.Count > 0) sections.Pop();
            }
        }
    }

    private static IEnumerable<Declaration> FromYaml(string[] lines)
    {
        var sections = new Stack<(string Key, int Indent)>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > 1000 || Yaml.Match(lines[i]) is not { Success: true } match) continue;
            var indent = match.Groups["indent"].Length;
            while (sections.TryPeek(out var section) && indent <= section.Indent) sections.Pop();
            var value = match.Groups["value"].Value.Trim();
            yield return Key(sections.Reverse().Select(section => section.Key).Append(match.Groups["key"].Value), value, i);
            if (value.Length == 0 || value[0] is '#' or '&') sections.Push((match.Groups["key"].Value, indent));
        }
    }

    private static IEnumerable<Declaration> FromAssignments(string[] lines)
    {
        string? section = null;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > 1000 || lines[i].TrimStart() is ['#' or ';' or '!', ..]) continue;
            if (Section.Match(lines[i]) is { Success: true } header) section = header.Groups["key"].Value;
            else if (Assigned.Match(lines[i]) is { Success: true } match)
                yield return Key(section is null ? [match.Groups["key"].Value] : [section, match.Groups["key"].Value], match.Groups["value"].Value, i);
        }
    }

    private static Declaration Key(IEnumerable<string> path, string value, int index)
    {
        var key = string.Join('.', path);
        var shown = value.Trim() is "{" or "[" ? "" : value.Trim();    // a section is changed when its keys are
        return new(key, null, NameKind.ConfigKey, GitText.Cut($"{key} = {shown}", 240), index + 1);
    }
}
