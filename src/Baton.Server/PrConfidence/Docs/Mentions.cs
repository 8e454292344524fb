using System.Text.RegularExpressions;
using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Decides whether a line of a document speaks of a name. A missed mention costs less than a false one, so a name must look like code: it is
/// distinctive by itself (two words or more, an option, a variable, a path), or it stands in code and is called or qualified.
/// </summary>
internal static class Mentions
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Parameter = new(@"\{[^}]*\}|<[^>]*>|:[A-Za-z_]\w*|\*\*?", Options);
    private static readonly Regex Link = new(@"\]\((?<target>[^)\s#?]+)", Options);

    // A line of a shell session that calls another program says nothing about the options of this one.
    private static readonly Regex OtherProgram = new(
        @"^\s*[$>#]?\s*(sudo\s+)?(git|docker|docker-compose|podman|kubectl|helm|npm|npx|yarn|pnpm|pip|pip3|pipx|poetry|cargo|rustup|go|dotnet|mvn|gradle|curl|wget|apt|apt-get|brew|terraform|aws|gcloud|az|make|psql|mysql|ssh|tar|systemctl|pytest|ruff)\s", Options);

    /// <summary>Where the line mentions the name; -1 if it does not.</summary>
    public static int Find(DocLine line, ChangedName name, string docPath) => name.Kind switch
    {
        NameKind.Flag => Flag(line, name.Name),
        NameKind.Variable => StillThere.PositionOf(line.Text, name.Name),
        NameKind.Route => Route(line.Text, name.Name),
        NameKind.ConfigKey => ConfigKey(line, name.Name),
        NameKind.File => File(line.Text, name.Name, docPath),
        _ => Identifier(line, name),
    };

    /// <summary>Two words or more: nobody writes such a name by accident.</summary>
    public static bool IsDistinctive(string name) => name.Length >= 5 && Tokenizer.Words(name).Count(word => char.IsLetter(word[0])) >= 2;

    private static int Identifier(DocLine line, ChangedName name)
    {
        // Where the simple name lives on elsewhere, only "Container.name" can be meant.
        var mustBeQualified = name.DefinedElsewhere is not null;
        foreach (var at in Positions(line.Text, name.Name))
        {
            if (mustBeQualified)
            {
                if (name.Container is not null && IsQualified(line.Text, at, name.Container)) return at;
                continue;
            }
            if (IsDistinctive(name.Name)) return at;
            if (!line.IsInCode(at)) continue;
            var isCall = line.Text.AsSpan(at + name.Name.Length) is ['(', ..];
            var isFree = at == 0 || line.Text[at - 1] is not ('.' or ':' or '#' or '-' or '/' or '_');
            var isSelfEvident = name.Kind is NameKind.Type && char.IsUpper(name.Name[0]) && name.Name.Length >= 4 && !line.IsCode;
            if ((name.Kind == NameKind.Function && isCall && isFree) || (isSelfEvident && isFree)) return at;
            if (name.Container is not null && IsQualified(line.Text, at, name.Container)) return at;
        }
        return -1;
    }

    /// <summary>
    /// Written after its type, or after a variable that is called like its type: "Tracker.send", "tracker.send", "Tracker::send",
    /// "Tracker#send".
    /// </summary>
    private static bool IsQualified(string text, int at, string container)
    {
        if (at < 2 || text[at - 1] is not ('.' or ':' or '#')) return false;
        var end = text[at - 1] == ':' ? at - 2 : at - 1;
        if (end <= 0 || (text[at - 1] == ':' && text[end] != ':')) return false;
        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_')) start--;
        return Tokenizer.Words(text[start..end]).SequenceEqual(Tokenizer.Words(container), StringComparer.Ordinal);
    }

    private static IEnumerable<int> Positions(string text, string name)
    {
        for (var at = StillThere.PositionOf(text, name); at >= 0; at = StillThere.PositionOf(text, name, at + name.Length)) yield return at;
    }

    private static int Flag(DocLine line, string name)
    {
        var at = StillThere.PositionOf(line.Text, name);
        if (at < 0 || (at > 0 && line.Text[at - 1] == '-')) return -1;
        var around = line.Spans.FirstOrDefault(span => at >= span.Start && at < span.Start + span.Code.Length).Code ?? line.Text;
        return OtherProgram.IsMatch(around) ? -1 : at;
    }

    private static int Route(string text, string route)
    {
        var segments = route.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var fixedPart = segments.FirstOrDefault(segment => !Parameter.IsMatch(segment));
        if (fixedPart is null || !text.Contains("/" + fixedPart, StringComparison.Ordinal)) return -1;
        for (var at = text.IndexOf('/', StringComparison.Ordinal); at >= 0; at = text.IndexOf('/', at + 1))
        {
            if (MatchesAt(text, at, segments) && (at == 0 || text[at - 1] is not ('/' or '.' or '<'))) return at;
        }
        return -1;
    }

    /// <summary>The path at this place has these segments and no more; a parameter stands for any segment.</summary>
    private static bool MatchesAt(string text, int at, string[] segments)
    {
        foreach (var segment in segments)
        {
            if (at >= text.Length || text[at] != '/') return false;
            var end = at + 1;
            while (end < text.Length && (char.IsLetterOrDigit(text[end])
                || text[end] is '_' or '-' or '{' or '}' or '<' or '>' or ':' or '*' or '.' or '%' or '$')) end++;
            var written = text[(at + 1)..end].TrimEnd('.', ':');
            if (written.Length == 0 || (!Parameter.IsMatch(segment) && written != segment)) return false;
            at = end;
        }
        return at == text.Length || text[at] != '/' || at + 1 == text.Length || !char.IsLetterOrDigit(text[at + 1]);
    }

    /// <summary>With its section in any notation ("a.b", "a:b", "a__b"), or the last part alone if that is distinctive and stands in code.</summary>
    private static int ConfigKey(DocLine line, string key)
    {
        var last = key[(key.LastIndexOf('.') + 1)..];
        var at = StillThere.PositionOf(line.Text, last);
        if (key.Contains('.', StringComparison.Ordinal))
        {
            foreach (var notation in new[] { key, key.Replace(".", ":", StringComparison.Ordinal), key.Replace(".", "__", StringComparison.Ordinal) })
            {
                if (StillThere.PositionOf(line.Text, notation) is >= 0 and var qualified) return qualified;
            }
        }
        return at >= 0 && IsDistinctive(last) && line.IsInCode(at) ? at : -1;
    }

    private static int File(string text, string path, string docPath)
    {
        if (path.Contains('/', StringComparison.Ordinal) && StillThere.PositionOf(text, path) is >= 0 and var at
            && (at == 0 || text[at - 1] != '/' || text.AsSpan(0, at).EndsWith("./"))) return at;
        foreach (Match link in Link.Matches(text))
        {
            if (Resolve(docPath, link.Groups["target"].Value) == path) return link.Index;
        }
        return -1;
    }

    /// <summary>The target of a relative link, as a path of the repository.</summary>
    private static string? Resolve(string docPath, string target)
    {
        if (target.Contains(':', StringComparison.Ordinal)) return null;
        var parts = target.StartsWith('/') ? [] : docPath.Split('/')[..^1].ToList();
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count == 0) return null;
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".") parts.Add(part);
        }
        return string.Join('/', parts);
    }
}
