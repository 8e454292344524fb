using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>The arguments of a tool's call, for dialects that write them as an object.</summary>
internal static class Arguments
{
    /// <summary>Of a call that a request repeats.</summary>
    public static JqValue Parse(Part.ToolCall call, Faults faults)
    {
        if (Object(call.Arguments) is { } found) return found;
        faults.Add("arguments", $"of the call '{call.Id}' must be a JSON object: this target takes no other.");
        return JqValue.EmptyObject;
    }

    /// <summary>Of a call that a model makes: what is no object is put into one, so that whoever runs the tool sees what was said.</summary>
    public static JqValue Read(string arguments) => Object(arguments) ?? JqValue.Object(("arguments", arguments));

    private static JqValue? Object(string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments)) return JqValue.EmptyObject;
        try
        {
            return JqValue.Parse(arguments) is { IsObject: true } value ? value : (JqValue?)null;
        }
        catch (JqParseException)
        {
            return null;   // models write broken JSON at times
        }
    }
}
