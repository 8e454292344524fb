using System.Text.RegularExpressions;

namespace Baton.Jq;

/// <summary>The modifier <c>l</c>: of all matches at the leftmost place the longest, which .NET cannot look for by itself.</summary>
internal sealed class LongestMatch(Machine m, CompiledRegex regex)
{
    /// <summary>The longest match that begins where <paramref name="first"/> begins: the text is cut shorter and shorter until all of it matches.</summary>
    public Match From(string text, Match first)
    {
        for (var end = text.Length; end > first.Index + first.Length; end--)
        {
            m.Charge(20 + end / 16);
            var match = regex.Match(text[..end], first.Index);
            if (match.Success && match.Index == first.Index && match.Index + match.Length == end) return match;
        }
        return first;
    }
}
