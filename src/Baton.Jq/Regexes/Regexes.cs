using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Baton.Jq;

/// <summary>The functions of regular expressions.</summary>
internal static class Regexes
{
    public static void Define(NativeTable table)
    {
        table.Add("_test/2", (Machine m, JqValue input, JqValue pattern, JqValue flags, JqValue c, out JqValue output) =>
        {
            output = default;
            var search = new Search(m, firstOnly: true);
            var outcome = search.Run(input, pattern, flags);
            if (outcome == Outcome.Value) output = search.Matches.Count > 0;
            return outcome;
        });
        Each(table, "_match/2", static (search, match) => search.Describe(match));
        Each(table, "_capture/2", static (search, match) => search.Captures(match));
        Each(table, "_scan/2", static (search, match) => search.Scanned(match), always: "g");
        table.Add("_split/2", (Machine m, JqValue input, JqValue pattern, JqValue flags, JqValue c, out JqValue output) =>
        {
            output = default;
            var search = new Search(m);
            var outcome = search.Run(input, pattern, flags, "g");
            if (outcome == Outcome.Value) output = search.Pieces();
            return outcome;
        });
        table.Add("_edits/2", (Machine m, JqValue input, JqValue pattern, JqValue flags, JqValue c, out JqValue output) =>
        {
            output = default;
            var search = new Search(m);
            var outcome = search.Run(input, pattern, flags);
            if (outcome == Outcome.Value) output = search.Edits();
            return outcome;
        });
        table.Add("_pattern/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = input;
            if (input.IsString) return Outcome.Value;
            output = input.TryGetArray(out var parts) && parts.Count > 0 ? parts[0] : default;
            return input.IsArray && input.AsArray().Count > 0 ? Outcome.Value : m.Fail($"{input.Kind.Name()} not a string or array");
        });
        table.Add("_flags/0", input => input.TryGetArray(out var parts) && parts.Count > 1 ? parts[1] : default);
    }

    private static void Each(NativeTable table, string signature, Func<Search, Match, JqValue> describe, string always = "") =>
        table.Add(signature, (Machine m, JqValue input, JqValue pattern, JqValue flags, JqValue c, out JqValue output) =>
        {
            output = default;
            var search = new Search(m);
            var outcome = search.Run(input, pattern, flags, always);
            if (outcome == Outcome.Value) output = JqArray.Wrap([.. search.Matches.Select(match => describe(search, match))]);
            return outcome;
        });

    /// <summary>One search through one text.</summary>
    private sealed class Search(Machine m, bool firstOnly = false)
    {
        private string text = "";
        private bool isBasic;
        private string?[] names = [];
        private int countedUnits, countedCodePoints;

        public List<Match> Matches { get; } = [];

        public Outcome Run(JqValue input, JqValue pattern, JqValue flags, string always = "")
        {
            if (!input.TryGetString(out text!)) return m.Fail($"{Jq.Describe.Value(input)} cannot be matched, as it is not a string");
            if (!pattern.TryGetString(out var source)) return m.Fail($"{Jq.Describe.Value(pattern)} cannot be matched, as it is not a string");
            var modifiers = always;
            if (flags.TryGetString(out var given)) modifiers += given;
            else if (!flags.IsNull) return m.Fail($"{Jq.Describe.Value(flags)} is not a string");
            var (options, extended, global, skipEmpty, longest) = (RegexOptions.None, false, false, false, false);
            foreach (var modifier in modifiers)
            {
                switch (modifier)
                {
                    case 'g': global = true; break;
                    case 'i': options |= RegexOptions.IgnoreCase; break;
                    case 'x': extended = true; break;
                    case 'm' or 'p': options |= RegexOptions.Singleline; break;
                    case 's': break;   // ^ and $ are those of the whole text anyway
                    case 'n': skipEmpty = true; break;
                    case 'l': longest = true; break;
                    default: return m.Fail($"{given} is not a valid modifier string");
                }
            }
            m.ChargeText(text.Length);
            isBasic = TextOrder.IsBasicPlane(text);
            try
            {
                var regex = CompiledRegex.Get(m, source, options, extended, wide: !isBasic);
                names = regex.Names;
                Find(longest ? new LongestMatch(m, regex) : null, regex, global && !firstOnly, skipEmpty);
                return Outcome.Value;
            }
            catch (RegexSyntaxException error)
            {
                return m.Fail($"Regex failure: {error.Message}");
            }
            catch (RegexMatchTimeoutException)
            {
                throw m.RegexTimeReached();
            }
        }

        private void Find(LongestMatch? longest, CompiledRegex regex, bool global, bool skipEmpty)
        {
            for (var start = 0; start <= text.Length;)
            {
                var charged = 20 + (text.Length - start) / 64;
                m.Charge(charged);
                var startedAt = Stopwatch.GetTimestamp();
                var match = regex.Match(text, start);
                if (longest is not null && match.Success) match = longest.From(text, match);
                m.ChargeRegex(startedAt, charged);
                if (!match.Success) return;
                var end = match.Index + match.Length;
                if (match.Length > 0 || !skipEmpty)
                {
                    Matches.Add(match);
                    if (!global) return;
                }
                // After an empty match the search goes on behind the next character.
                start = match.Length > 0 ? end : end < text.Length ? end + TextOrder.Width(text, end) : end + 1;
            }
        }

        /// <summary>A match as <c>match</c> gives it.</summary>
        public JqValue Describe(Match match)
        {
            m.Charge(names.Length + 4L);
            var captures = new JqValue[names.Length];
            for (var i = 0; i < captures.Length; i++)
            {
                var group = match.Groups[i + 1];
                captures[i] = JqValue.Object(
                    ("offset", group.Success ? CodePoints(group.Index) : -1),
                    ("length", TextOrder.CodePoints(group.ValueSpan)),
                    ("string", group.Success ? group.Value : default(JqValue)),
                    ("name", names[i]));
            }
            return JqValue.Object(
                ("offset", CodePoints(match.Index)),
                ("length", TextOrder.CodePoints(match.ValueSpan)),
                ("string", match.Value),
                ("captures", JqArray.Wrap(captures)));
        }

        /// <summary>The named groups of a match.</summary>
        public JqValue Captures(Match match)
        {
            m.Charge(names.Length + 1L);
            var members = new JqObject.Builder(names.Length);
            for (var i = 0; i < names.Length; i++)
            {
                if (names[i] is { } name) members[name] = Text(match.Groups[i + 1]);
            }
            return members.ToObject();
        }

        /// <summary>A match as <c>scan</c> gives it: its text, or that of its groups.</summary>
        public JqValue Scanned(Match match)
        {
            m.Charge(names.Length + 1L);
            if (names.Length == 0) return match.Value;
            var groups = new JqValue[names.Length];
            for (var i = 0; i < groups.Length; i++) groups[i] = Text(match.Groups[i + 1]);
            return JqArray.Wrap(groups);
        }

        /// <summary>What stands between the matches.</summary>
        public JqValue Pieces()
        {
            var pieces = new JqValue[Matches.Count + 1];
            var start = 0;
            for (var i = 0; i < Matches.Count; i++)
            {
                pieces[i] = text[start..Matches[i].Index];
                start = Matches[i].Index + Matches[i].Length;
            }
            pieces[^1] = text[start..];
            return JqArray.Wrap(pieces);
        }

        /// <summary>What <c>sub</c> works on: for each match the text before it and its named groups; and the text after the last.</summary>
        public JqValue Edits()
        {
            var edits = new JqValue[Matches.Count];
            var start = 0;
            for (var i = 0; i < edits.Length; i++)
            {
                edits[i] = JqValue.Array(text[start..Matches[i].Index], Captures(Matches[i]));
                start = Matches[i].Index + Matches[i].Length;
            }
            return JqValue.Array(JqArray.Wrap(edits), text[start..]);
        }

        private static JqValue Text(Group group) => group.Success ? group.Value : default(JqValue);

        // Offsets mostly grow, so counting goes on from the last one.
        private int CodePoints(int units)
        {
            if (isBasic) return units;
            if (units < countedUnits) return TextOrder.CodePoints(text.AsSpan(0, units));
            countedCodePoints += TextOrder.CodePoints(text.AsSpan(countedUnits, units - countedUnits));
            countedUnits = units;
            return countedCodePoints;
        }
    }
}
