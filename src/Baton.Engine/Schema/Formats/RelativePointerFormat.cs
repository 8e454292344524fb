namespace Baton.Engine.Schema;

/// <summary>Relative JSON pointers (draft-bhutton-relative-json-pointer-00): levels up, an index shift if any, then a pointer or a hash.</summary>
internal static class RelativePointerFormat
{
    public static bool IsRelativePointer(ReadOnlySpan<char> text)
    {
        if (!TryTakeNumber(ref text)) return false;
        if (text is ['+' or '-', ..])
        {
            text = text[1..];
            if (!TryTakeNumber(ref text)) return false;
        }
        return text is "#" || JsonPointer.IsValid(text);
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAnyExceptInRange('0', '9');
        if (length < 0) length = text.Length;
        if (length == 0 || (text[0] == '0' && length > 1)) return false;
        text = text[length..];
        return true;
    }
}
