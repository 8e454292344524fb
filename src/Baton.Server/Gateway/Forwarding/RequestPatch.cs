using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Changes in a body what a target needs to have changed, and no other byte.</summary>
internal static class RequestPatch
{
    /// <param name="mostTokens">The most that an answer may have; null for what the request says.</param>
    /// <param name="maxTokensField">The member to be added where the request says nothing; null for none.</param>
    /// <param name="addsUsage">Whether a stream is made to tell its usage; what <c>stream_options</c> says beside that is kept.</param>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> body, RequestPeek peek, string model, int? mostTokens, string? maxTokensField, bool addsUsage = false)
    {
        if (!addsUsage && mostTokens is null && peek.Model == model) return body;
        var edits = new List<(Place At, string Text)>(2);
        if (peek.ModelAt.IsNone) edits.Add((new Place(AfterBrace(body.Span), 0), $"\"model\":{Quoted(model)},"));
        else if (peek.Model != model) edits.Add((peek.ModelAt, Quoted(model)));
        if (mostTokens is { } most) AddCap(edits, body.Span, peek, most, maxTokensField);
        if (addsUsage) edits.Add(UsageEdit(body.Span, peek));
        return With(body, edits);
    }

    /// <summary>The same bytes but for these places.</summary>
    public static ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> body, List<(Place At, string Text)> edits)
    {
        if (edits.Count == 0) return body;
        edits.Sort(static (a, b) => a.At.Start.CompareTo(b.At.Start));
        var patched = new byte[body.Length + edits.Sum(edit => Encoding.UTF8.GetByteCount(edit.Text) - edit.At.Length)];
        var (from, to) = (0, 0);
        foreach (var (at, text) in edits)
        {
            body.Span[from..at.Start].CopyTo(patched.AsSpan(to));
            to += at.Start - from;
            to += Encoding.UTF8.GetBytes(text, patched.AsSpan(to));
            from = at.Start + at.Length;
        }
        body.Span[from..].CopyTo(patched.AsSpan(to));
        return patched;
    }

    /// <summary>No member may say more: which of them counts, the target decides. Where none says anything, the model's own does.</summary>
    private static void AddCap(List<(Place At, string Text)> edits, ReadOnlySpan<byte> body, RequestPeek peek, int most, string? field)
    {
        var limit = most.ToString(CultureInfo.InvariantCulture);
        var isSaid = false;
        foreach (var cap in (ReadOnlySpan<TokenCap>)[peek.Cap, peek.OtherCap, peek.EngineCap])
        {
            if (cap.Most > most) edits.Add((cap.At, limit));
            isSaid |= cap.Most is not null;
        }
        if (isSaid || field is null) return;
        var unsaid = field == RequestPeek.OtherCapField ? peek.OtherCap.At : peek.Cap.At;   // it is there and says null: of two with one name the last counts
        edits.Add(unsaid.IsNone ? (new Place(AfterBrace(body), 0), $"\"{field}\":{limit},") : (unsaid, limit));
    }

    private static (Place At, string Text) UsageEdit(ReadOnlySpan<byte> body, RequestPeek peek)
    {
        const string Member = "\"include_usage\":true";
        if (!peek.IncludeUsageAt.IsNone) return (peek.IncludeUsageAt, "true");
        if (peek.HasStreamOptions) return (new Place(peek.StreamOptionsAt.Start + 1, 0), $"{Member},");
        return peek.StreamOptionsAt.IsNone ? (new Place(AfterBrace(body), 0), $"\"stream_options\":{{{Member}}},") : (peek.StreamOptionsAt, $"{{{Member}}}");
    }

    private static int AfterBrace(ReadOnlySpan<byte> body) => body.IndexOf((byte)'{') + 1;

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
