using System.Buffers;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Baton.Engine.Schema;

/// <summary>A compiled regular expression of ECMA-262. Matching takes time in proportion to the text where that is possible; where it is not, the clock ends it.</summary>
internal sealed class Pattern
{
    /// <summary>Longest text for a matcher that backtracks: it takes some 40 bytes for each character.</summary>
    private const int MaxBacktrackingText = 1_000_000;

    /// <summary>From here on a matcher that backtracks is thrown away after the match, because it would keep its memory.</summary>
    private const int LongText = 4_000;

    private readonly Regex regex;
    private readonly AstralMap map;
    private readonly bool backtracks;

    private Pattern(string source, Regex regex, AstralMap map, int automatonCost, bool backtracks)
    {
        Source = source;
        this.regex = regex;
        this.map = map;
        this.backtracks = backtracks;
        AutomatonCost = automatonCost;
    }

    /// <summary>The pattern as it stands in the schema.</summary>
    public string Source { get; }

    /// <summary>What an automaton that matches it costs, as <see cref="PatternShape.AlphabetCost"/>; 0 for an ordinary matcher.</summary>
    public int AutomatonCost { get; }

    /// <summary>Compiles a pattern that was read.</summary>
    /// <param name="longest">Longest time of one match.</param>
    /// <param name="affordable">What an automaton may cost.</param>
    public static Pattern Compile(string source, ParsedPattern parsed, TimeSpan longest, int affordable)
    {
        var sets = PatternShape.Sets(parsed.Syntax);
        var units = AstralMap.Of(sets);
        var cost = PatternShape.AlphabetCost(sets);
        var (text, writer) = PatternWriter.Write(parsed, units);
        var options = RegexOptions.CultureInvariant | (writer.HasBackReferences ? RegexOptions.None : RegexOptions.ExplicitCapture);
        var isLinear = PatternShape.IsLinear(parsed.Syntax);
        if (!isLinear && !writer.NeedsBacktracking && cost <= affordable && TryCreateAutomaton(text, options, longest) is { } automaton)
        {
            return new Pattern(source, automaton, units, cost, backtracks: false);
        }
        return new Pattern(source, new Regex(text, options, longest), units, automatonCost: 0, backtracks: !isLinear);
    }

    /// <summary>Whether the pattern matches somewhere in a text; false, too, when the evaluation's time for patterns is over.</summary>
    public bool IsMatch(string text, Evaluation evaluation)
    {
        evaluation.Charge(1 + (text.Length >> 4));
        if (evaluation.Stopped is not null) return false;
        if (backtracks && text.Length > MaxBacktrackingText) return evaluation.Stop(ValidationLimit.Patterns);
        var started = Stopwatch.GetTimestamp();
        try
        {
            return text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? IsMatchMapped(text) : Matcher(text.Length).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return evaluation.Stop(ValidationLimit.Patterns);
        }
        finally
        {
            evaluation.ChargePattern(Stopwatch.GetTimestamp() - started);
        }
    }

    private bool IsMatchMapped(string text)
    {
        var buffer = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            return Matcher(text.Length).IsMatch(buffer.AsSpan(0, map.Write(text, buffer)));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private Regex Matcher(int length) => backtracks && length > LongText ? new Regex(regex.ToString(), regex.Options, regex.MatchTimeout) : regex;

    // .NET says only by exception that an automaton would have too many states, as for .{0,10000}.
    private static Regex? TryCreateAutomaton(string text, RegexOptions options, TimeSpan longest)
    {
        try
        {
            return new Regex(text, options | RegexOptions.NonBacktracking, longest);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
