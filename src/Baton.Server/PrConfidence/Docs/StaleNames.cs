using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Which changes of a name can leave a document behind, and how sure it is that one was.</summary>
internal static class StaleNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const int MaxExcerptChars = 200;
    private const int MaxSignatureChars = 120;

    // Strings are matched one after the other, so that what stands between two of them is not taken for one.
    private static readonly Regex Text = new(@"(,\s*)?(\w+\s*[=:]\s*)?(?<text>""[^""]*""|'[^']*')", Options);
    private static readonly Regex Value = new(@"\d+(\.\d+)?|""(?<text>[^""]*)""|'(?<text>[^']*)'", Options);
    private static readonly Regex Method = new(@"\b(Map|Http|add_|\.|@)?(get|post|put|delete|patch)(Mapping)?\b", Options | RegexOptions.IgnoreCase);

    public static bool CanBeStale(ChangedName name) => name.Change switch
    {
        NameChange.Removed or NameChange.Renamed => name.Kind != NameKind.Constructor && (name.DefinedElsewhere is null || name.Container is not null),
        NameChange.Altered => WorksOtherwise(name),
        _ => false,
    };

    /// <summary>A text that every mention of the name contains.</summary>
    public static string Needle(ChangedName name) => name.Kind switch
    {
        NameKind.ConfigKey => name.Name[(name.Name.LastIndexOf('.') + 1)..],
        NameKind.File => name.Name[(name.Name.LastIndexOf('/') + 1)..],
        NameKind.Route => "/",
        _ => name.Name,
    };

    /// <returns>Null if the mention is in order.</returns>
    public static StaleMention? Judge(ChangedName name, DocLine line, string path, bool isTouched, bool isNewLine)
    {
        if (name.Change == NameChange.Altered)
        {
            // Whoever touched the document has seen it.
            return isTouched || !RestsOnDetail(name, line) ? null : Stale(name, line, path, Certainty.Possible,
                $"{Show(name)} was changed from {Quote(name.Before)} to {Quote(name.After)}");
        }
        var isSure = name.StillUsedIn.IsEmpty && name.DefinedElsewhere is null && !isNewLine;
        var what = name.RenamedTo is { } now ? $"{Show(name)} was renamed to {now}" : $"{Show(name)} was removed";
        var doubt = isNewLine ? "; but the range itself wrote this line" : name.StillUsedIn.IsEmpty ? "" : $"; but {name.StillUsedIn[0]} still uses the name";
        return Stale(name, line, path, isSure ? Certainty.Definite : Certainty.Possible, what + doubt);
    }

    /// <summary>Only help texts, handlers or types of a private kind changed: what a document says of it still holds.</summary>
    private static bool WorksOtherwise(ChangedName name) => name.Kind switch
    {
        NameKind.Flag or NameKind.Variable => WithoutProse(name.Before) != WithoutProse(name.After),
        NameKind.Route => Methods(name.Before) != Methods(name.After),
        NameKind.ConfigKey or NameKind.Constant or NameKind.Function or NameKind.Method or NameKind.Constructor => true,
        _ => false,
    };

    /// <summary>Without arguments that are text for people: help="where to listen".</summary>
    private static string WithoutProse(string? signature) =>
        Text.Replace(signature ?? "", match => match.Groups["text"].Value.Any(char.IsWhiteSpace) ? "" : match.Value);

    private static string Methods(string? signature) =>
        string.Join(' ', Method.Matches(signature ?? "").Select(match => match.Value.ToUpperInvariant()).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal));

    /// <summary>
    /// The line says more than the name. Of a function: it shows a call with arguments. Of a constant or a key: it states the old value. What a user
    /// types, options, routes and variables, is worth a look whatever the line says.
    /// </summary>
    private static bool RestsOnDetail(ChangedName name, DocLine line) => name.Kind switch
    {
        NameKind.Function or NameKind.Method or NameKind.Constructor => IsCalledWithArguments(name.Name, line.Text),
        NameKind.Constant or NameKind.ConfigKey => OldValues(name).Any(value => StillThere.PositionOf(line.Text, value) >= 0),
        _ => true,
    };

    private static bool IsCalledWithArguments(string name, string text)
    {
        var at = StillThere.PositionOf(text, name);
        return at >= 0 && text.AsSpan(at + name.Length) is ['(', not (')' or ' ' or '.' or '…'), ..];
    }

    private static IEnumerable<string> OldValues(ChangedName name)
    {
        var now = Values(name.After);
        return Values(name.Before).Where(value => !now.Contains(value));
    }

    private static HashSet<string> Values(string? signature) =>
    [
        .. Value.Matches(signature ?? "").Select(match => match.Groups["text"].Success ? match.Groups["text"].Value : match.Value)
            .Where(value => value.Length > 0 && !value.Any(char.IsWhiteSpace)),
    ];

    private static string Show(ChangedName name) => name.Container is null || name.Kind == NameKind.Type ? name.Name : $"{name.Container}.{name.Name}";

    private static string Quote(string? signature) => $"`{GitText.Cut(signature ?? "", MaxSignatureChars)}`";

    private static StaleMention Stale(ChangedName name, DocLine line, string path, Certainty certainty, string reason) => new()
    {
        File = path,
        Line = line.Number,
        Name = name.Name,
        Kind = name.Kind,
        Change = name.Change,
        Certainty = certainty,
        RenamedTo = name.RenamedTo,
        Reason = reason,
        Excerpt = GitText.Cut(line.Text.Trim(), MaxExcerptChars),
        ChangedAt = $"{name.File}:{name.Line}",
        Commit = name.Commit,
    };
}
