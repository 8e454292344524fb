using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>What of a criterion is looked for.</summary>
internal sealed record CriterionQuery
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;

    // Names stand in code spans or quotation marks, or look like identifiers, options, paths or acronyms.
    private static readonly Regex Named = new(@"`[^`]+`|""[^""]{1,60}""|“[^”]{1,60}”|--[A-Za-z][\w-]*|/[\w{}:/-]+|\b[A-Z]{2,}[0-9]*\b|\b\w+_\w+\b|\b[a-z]+[A-Z]\w*\b|\b[A-Z][a-z0-9]+[A-Z]\w*\b|\b\d{2,}\b", Options);
    private static readonly Regex Removal = new(@"\b(remov|delet|drop|deprecat|no longer|get rid)", Options | RegexOptions.IgnoreCase);
    private static readonly Regex Documentation = new(@"\b(document(ed|ation|s)?|docs|readme|changelog|release notes|manual|user guide|tutorial)\b",
        Options | RegexOptions.IgnoreCase);

    /// <summary>Terms with weights: a word counts 1, a name counts 2, because an implementation cannot do without it.</summary>
    public required ImmutableDictionary<string, double> Terms { get; init; }

    /// <summary>The word of the criterion that each term came from.</summary>
    public required ImmutableDictionary<string, string> Words { get; init; }

    public required FieldWeights Weights { get; init; }
    public required bool IsAboutDocs { get; init; }

    public static CriterionQuery Of(Criterion criterion)
    {
        var terms = ImmutableDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        var words = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var word in Tokenizer.Words(criterion.Text))
        {
            if (Tokenizer.Term(word) is not { } term) continue;
            terms.TryAdd(term, 1);
            words.TryAdd(term, word);
        }
        foreach (var term in Named.Matches(criterion.Text).SelectMany(name => Tokenizer.Terms(name.Value))) terms[term] = 2;
        return new()
        {
            Terms = terms.ToImmutable(),
            Words = words.ToImmutable(),
            // Where deletion is asked for, deleted lines are the implementation.
            Weights = Removal.IsMatch(criterion.Text) ? new(Removed: 1.0) : new(),
            IsAboutDocs = Documentation.IsMatch(criterion.Text),
        };
    }

    public ImmutableArray<string> Show(IEnumerable<string> terms) => [.. terms.Select(term => Words.GetValueOrDefault(term, term))
        .Order(StringComparer.Ordinal)];
}
