namespace Baton.Server.Gateway;

/// <summary>Finds the end of a JSON object that comes in pieces.</summary>
internal sealed class JsonEnd
{
    private int depth;
    private bool inText, isEscaped;

    public bool IsComplete { get; private set; }

    public void Reset() => (depth, inText, isEscaped, IsComplete) = (0, false, false, false);

    public void Read(string piece)
    {
        foreach (var c in piece)
        {
            if (inText)
            {
                if (isEscaped) isEscaped = false;
                else if (c == '\\') isEscaped = true;
                else if (c == '"') inText = false;
            }
            else if (c == '"') inText = true;
            else if (c is '{' or '[') depth++;
            else if (c is '}' or ']' && --depth <= 0) IsComplete = true;
        }
    }
}
