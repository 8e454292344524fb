using System.Buffers;
using System.Runtime.CompilerServices;

namespace Baton.Server.Gateway;

/// <summary>
/// Reads what a call used from the bytes of its answer while they pass. It changes and delays nothing, keeps no more than one name of a member, and finds the same however the network
/// splits the bytes. It knows OpenAI's shapes (<c>usage</c> of an object, of a chunk, of <c>response</c>), Anthropic's (<c>usage</c> of an object, of <c>message</c> and of
/// <c>message_delta</c>) and Ollama's (<c>prompt_eval_count</c>, <c>eval_count</c>). One thread at a time.
/// </summary>
/// <remarks>
/// A name counts only where those shapes have it: what a model says, or writes as arguments of a tool, is never taken for a count. Lines of a stream that cannot tell of usage are passed
/// over by one search for that word; the others are read byte by byte. Some targets tell it from the first chunk on, if asked to: it is final only with what says that the stream is over.
/// </remarks>
/// <param name="isStream">Whether the answer is lines of their own, events or objects, or else one object.</param>
internal sealed class UsageTap(bool isStream)
{
    private const int MaxName = 32;

    /// <summary>Bytes of an Anthropic event's data beside the text that it adds.</summary>
    private const int DeltaFrame = 84;

    private const int BytesPerToken = 4;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]\n"u8);

    private Name name;
    private int nameLength, depth, usageDepth;
    private bool isInString, isEscaped, isInWrapper, isInMessage, isInDetails, skipsLine, isAtLineStart = true, isDataLine, hasNumber, lineTells, lineEnds, isInChoices, hasNoChoice, isArray;
    private Member member, wrapper;
    private long number, lineBytes;

    private long? input, output, cachedWithin, cacheRead, cacheWrite, total;
    private long reasoning;
    private bool isInputAlone, isFinal, isPending;

    private long bytes, deltas, deltaBytes;

    private enum Member
    {
        None, Usage, Message, Response, Details, Type, Choices, Finish, Input, PromptTokens, Output, Total, CacheRead, CacheWrite, CachedWithin, Reasoning, PromptEval, Eval,
    }

    [InlineArray(MaxName)]
    private struct Name
    {
        private byte first;
    }

    /// <summary>Whether the answer has told what it used, to its end: what it said before is no estimate.</summary>
    public bool IsTold => isFinal || (lineTells && (lineEnds || !isStream));

    /// <summary>Takes the next bytes of the answer.</summary>
    public void Observe(ReadOnlySpan<byte> next)
    {
        bytes += next.Length;
        if (isStream && isAtLineStart && next.Length > 0 && next[^1] == (byte)'\n' && !isPending && !MayTell(next)) PassOver(next);
        else Read(next);
    }

    /// <summary>What was used.</summary>
    /// <param name="promptTokens">An estimate of the prompt's tokens (see <see cref="PromptEstimate"/>), for an answer that does not tell them.</param>
    /// <param name="isEstimated">
    /// True where the answer did not tell, or broke off before: then each event of a stream is a token (of Anthropic's, whose events hold several, at least one, and one for each 4 bytes
    /// beyond the frame), and each 4 bytes of an answer in one piece.
    /// </param>
    public TokenUsage Usage(long promptTokens, out bool isEstimated)
    {
        isEstimated = !IsTold;
        if (!isEstimated) return Told(output ?? 0);
        var seen = !isStream ? bytes / BytesPerToken : isInMessage ? Math.Max(deltas, (deltaBytes - (deltas * DeltaFrame)) / BytesPerToken) : deltas;
        seen = Math.Max(output ?? 0, seen);
        return input is null ? TokenUsage.Within(bytes == 0 ? 0 : promptTokens, 0, seen, 0) : Told(seen);
    }

    private TokenUsage Told(long said)
    {
        if (isInputAlone && (cacheRead ?? cacheWrite) is not null) return TokenUsage.Beside(input ?? 0, cacheRead ?? 0, cacheWrite ?? 0, said);
        if (reasoning > 0 && total == (input ?? 0) + said + reasoning) said += reasoning;   // some count what was thought beside what was said
        return TokenUsage.Within(input ?? 0, cachedWithin ?? cacheRead ?? 0, said, reasoning);
    }

    /// <summary>Whether the word stands there as a member with a value.</summary>
    private static bool MayTell(ReadOnlySpan<byte> text)
    {
        for (var rest = text; rest.IndexOf("\"usage\""u8) is >= 0 and var at;)
        {
            rest = rest[(at + 7)..];
            var value = rest.TrimStart(" \t"u8);
            if (value.IsEmpty || value[0] != (byte)':') continue;   // a text, not a name
            value = value[1..].TrimStart(" \t"u8);
            if (!value.StartsWith("null"u8)) return true;           // OpenAI says null in every chunk but the last
        }
        return text.IndexOf("eval_count\""u8) >= 0;
    }

    private void PassOver(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            if (lines[0] is (byte)'d' or (byte)'{') (deltas, deltaBytes) = (deltas + 1, deltaBytes + end);
            lines = lines[(end + 1)..];
        }
    }

    private void Read(ReadOnlySpan<byte> next)
    {
        for (var i = 0; i < next.Length; i++)
        {
            if (isStream && next[i] == (byte)'\n')   // no text of JSON holds one: whatever the line was, it is over
            {
                EndLine();
                continue;
            }
            lineBytes++;
            if (isAtLineStart) BeginLine(next[i]);
            if (skipsLine) continue;
            if (isInString) i += ReadString(next[i..]);
            else if (depth > 0 && !IsOfInterest) i += Skip(next[i..]);
            else ReadToken(next[i]);
        }
    }

    private void BeginLine(byte first)
    {
        isAtLineStart = false;
        if (!isStream) return;
        isDataLine = first is (byte)'d' or (byte)'{';
        skipsLine = !isDataLine;
    }

    private void EndLine()
    {
        EndNumber();
        if (isDataLine)
        {
            if (lineTells) (isFinal, isPending) = (lineEnds, !lineEnds);
            else (isFinal, isPending) = (isFinal || (isPending && isArray), false);   // [DONE] behind a count: it was the last
            if (!lineTells || !(lineEnds || isInMessage)) (deltas, deltaBytes) = (deltas + 1, deltaBytes + lineBytes);
        }
        (isAtLineStart, isDataLine, skipsLine, isInString, isEscaped, isInWrapper, isInDetails, lineTells) = (true, false, false, false, false, false, false, false);
        (lineEnds, isInChoices, hasNoChoice, isArray) = (false, false, false, false);
        (depth, usageDepth, member, lineBytes) = (0, 0, Member.None, 0);
    }

    /// <returns>How many bytes beyond the first are part of it and were taken.</returns>
    private int ReadString(ReadOnlySpan<byte> text)
    {
        if (isEscaped)
        {
            isEscaped = false;
            nameLength = MaxName + 1;   // no name of interest is escaped
            return 0;
        }
        var end = isStream ? text.IndexOfAny((byte)'"', (byte)'\\', (byte)'\n') : text.IndexOfAny((byte)'"', (byte)'\\');
        var said = end < 0 ? text : text[..end];
        if (IsOfInterest)
        {
            if (nameLength + said.Length <= MaxName) said.CopyTo(((Span<byte>)name)[nameLength..]);
            nameLength = Math.Min(nameLength + said.Length, MaxName + 1);
        }
        if (end < 0 || text[end] == (byte)'\n') return Took(said.Length);
        if (text[end] == (byte)'\\') isEscaped = true;
        else
        {
            isInString = false;
            lineEnds |= member == Member.Finish ? nameLength > 0 : member == Member.Type && IsLast(LastName);
        }
        return Took(end + 1);
    }

    /// <summary>To the next byte that changes where we are.</summary>
    private int Skip(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOfAny(Structure);
        if (at < 0) return Took(text.Length);
        if (text[at] == (byte)'\n') return isStream ? Took(at) : Took(at + 1);
        ReadToken(text[at]);
        return Took(at + 1);
    }

    /// <summary>The loop takes one byte by itself.</summary>
    private int Took(int count)
    {
        lineBytes += count - 1;
        return count - 1;
    }

    /// <summary>The name or text that was read last, as far as there is room for it.</summary>
    private ReadOnlySpan<byte> LastName => ((ReadOnlySpan<byte>)name)[..Math.Min(nameLength, MaxName)];

    /// <summary>Whether names of members count here.</summary>
    private bool IsOfInterest => depth == 1 || (usageDepth > 0 ? depth == usageDepth || (isInDetails && depth == usageDepth + 1) : isInWrapper ? depth == 2 : isInChoices && depth == 3);

    /// <summary>Whether an event of this type tells what all of the answer came to.</summary>
    private static bool IsLast(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("message_delta"u8) || type.SequenceEqual("response.completed"u8) || type.SequenceEqual("response.incomplete"u8) || type.SequenceEqual("response.failed"u8);

    private void ReadToken(byte token)
    {
        switch (token)
        {
            case (byte)'"':
                (isInString, nameLength) = (true, 0);
                break;
            case (byte)':':
                if (depth > 0) member = MemberOf(LastName);
                break;
            case (byte)'{':
                Open();
                break;
            case (byte)'[':
                isArray |= depth == 0;
                if (isStream && depth == 1 && member == Member.Choices) (isInChoices, hasNoChoice) = (true, true);
                (depth, member) = (depth + 1, Member.None);
                break;
            case (byte)'}' or (byte)']':
                Close();
                break;
            case (byte)',':
                EndNumber();
                break;
            case >= (byte)'0' and <= (byte)'9':
                if (member >= Member.Input && number < long.MaxValue / 100) (number, hasNumber) = ((number * 10) + (token - '0'), true);
                break;
            case (byte)'-' or (byte)'.' or (byte)'n':   // below zero, in parts, null: not a count any more
                EndNumber();
                break;
        }
    }

    private void Open()
    {
        depth++;
        if (isInChoices && depth == 3) hasNoChoice = false;
        if (usageDepth == 0 && member == Member.Usage)
        {
            usageDepth = depth;
        }
        else if (usageDepth == 0 && depth == 2 && member is Member.Message or Member.Response)
        {
            (isInWrapper, wrapper) = (true, member);
        }
        else if (usageDepth > 0 && depth == usageDepth + 1)
        {
            isInDetails = member == Member.Details;
        }
        member = Member.None;
    }

    private void Close()
    {
        EndNumber();
        if (depth > 0 && depth == usageDepth)
        {
            usageDepth = 0;
            isInMessage |= depth == 3 && wrapper == Member.Message;   // Anthropic's first event: what is said follows
        }
        else if (depth == usageDepth + 1) isInDetails = false;
        if (depth == 2)
        {
            lineEnds |= isInChoices && hasNoChoice && deltas > 0;   // OpenAI's last chunk; hosts that begin with one like it have said nothing before
            (isInWrapper, isInChoices) = (false, false);
        }
        if (depth > 0) depth--;
    }

    private void EndNumber()
    {
        if (hasNumber)
        {
            switch (member)
            {
                case Member.Input: (input, isInputAlone) = (number, true); break;
                case Member.PromptTokens: input = number; break;
                case Member.Output: output = number; break;
                case Member.Total: total = number; break;
                case Member.CachedWithin: cachedWithin = number; break;
                case Member.CacheRead: cacheRead = number; break;
                case Member.CacheWrite: cacheWrite = number; break;
                case Member.Reasoning: reasoning = number; break;
                case Member.PromptEval: (input, lineEnds) = (number, true); break;
                case Member.Eval: (output, lineEnds) = (number, true); break;
            }
            lineTells |= member is Member.Input or Member.PromptTokens or Member.Output or Member.PromptEval or Member.Eval;
        }
        (number, hasNumber, member) = (0, false, Member.None);
    }

    private Member MemberOf(ReadOnlySpan<byte> text)
    {
        if (!IsOfInterest || nameLength > MaxName) return Member.None;
        if (isInChoices) return text.SequenceEqual("finish_reason"u8) ? Member.Finish : Member.None;
        if (usageDepth == 0)
        {
            if (text.SequenceEqual("usage"u8)) return Member.Usage;
            if (depth != 1) return Member.None;
            return text.SequenceEqual("message"u8) ? Member.Message : text.SequenceEqual("response"u8) ? Member.Response : text.SequenceEqual("type"u8) ? Member.Type : text.SequenceEqual("choices"u8) ? Member.Choices
                : text.SequenceEqual("prompt_eval_count"u8) ? Member.PromptEval : text.SequenceEqual("eval_count"u8) ? Member.Eval : Member.None;
        }
        if (depth > usageDepth) return text.SequenceEqual("cached_tokens"u8) ? Member.CachedWithin : text.SequenceEqual("reasoning_tokens"u8) ? Member.Reasoning : Member.None;
        return text.SequenceEqual("prompt_tokens"u8) ? Member.PromptTokens : text.SequenceEqual("input_tokens"u8) ? Member.Input
            : text.SequenceEqual("completion_tokens"u8) || text.SequenceEqual("output_tokens"u8) ? Member.Output : text.SequenceEqual("total_tokens"u8) ? Member.Total
            : text.SequenceEqual("cache_read_input_tokens"u8) ? Member.CacheRead : text.SequenceEqual("cache_creation_input_tokens"u8) ? Member.CacheWrite
            : text.SequenceEqual("prompt_cache_hit_tokens"u8) ? Member.CachedWithin : text.EndsWith("_tokens_details"u8) ? Member.Details : Member.None;
    }
}
