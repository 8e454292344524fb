using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Baton.Jq;

/// <summary>A regular expression ready to match, kept for later use.</summary>
internal sealed class CompiledRegex
{
    private const int MaxKept = 256;

    private static readonly ConcurrentDictionary<Key, CompiledRegex> Kept = new();

    private readonly Regex regex;

    private CompiledRegex(Regex regex, string?[] names)
    {
        this.regex = regex;
        Names = names;
    }

    /// <summary>The name of each group, or null.</summary>
    public string?[] Names { get; }

    private readonly record struct Key(string Pattern, RegexOptions Options, bool Extended, bool Wide, TimeSpan Time);

    /// <summary>Compiles a pattern, or finds it compiled.</summary>
    /// <exception cref="RegexSyntaxException">The pattern is wrong.</exception>
    public static CompiledRegex Get(Machine m, string pattern, RegexOptions options, bool extended, bool wide)
    {
        var key = new Key(pattern, options, extended, wide, m.Options.Limits.RegexTime);
        if (Kept.TryGetValue(key, out var known)) return known;
        m.Charge(1000 + pattern.Length * 100L);
        var compiled = Compile(key);
        // A program that makes up patterns must not fill the memory.
        if (Kept.Count >= MaxKept) Kept.Clear();
        return Kept.GetOrAdd(key, compiled);
    }

    public Match Match(string text, int start) => regex.Match(text, start);

    private static CompiledRegex Compile(Key key)
    {
        var translated = RegexTranslator.Translate(key.Pattern, key.Extended, key.Wide);
        var options = key.Options | RegexOptions.CultureInvariant;
        try
        {
            return new CompiledRegex(Make(translated, options, key.Time), translated.Names);
        }
        catch (ArgumentException error)
        {
            throw new RegexSyntaxException(error.Message);
        }
    }

    private static Regex Make(TranslatedPattern translated, RegexOptions options, TimeSpan time)
    {
        if (!translated.NeedsBacktracking)
        {
            try
            {
                return new Regex(translated.Text, options | RegexOptions.NonBacktracking, time);
            }
            catch (NotSupportedException)
            {
                // Its automaton would be too large; the other engine watches the time.
            }
        }
        return new Regex(translated.Text, options, time);
    }
}
