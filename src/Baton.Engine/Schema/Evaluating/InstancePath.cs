using System.Globalization;
using System.Text;

namespace Baton.Engine.Schema;

/// <summary>The way from the root of an instance to one of its values. The text is made on demand: with long keys it may be huge.</summary>
internal sealed class InstancePath
{
    private const int ExcerptLength = 200;

    private readonly InstancePath? parent;
    private readonly string? name;
    private readonly int index;

    public InstancePath(InstancePath? parent, string name, bool isName = false)
    {
        this.parent = parent;
        this.name = name;
        IsName = isName;
    }

    public InstancePath(InstancePath? parent, int index)
    {
        this.parent = parent;
        this.index = index;
    }

    /// <summary>Whether this is the name of a member instead of its value.</summary>
    public bool IsName { get; }

    private string Token => name ?? index.ToString(CultureInfo.InvariantCulture);

    /// <summary>The JSON pointer (RFC 6901).</summary>
    public static string PointerTo(InstancePath? path)
    {
        var tokens = new List<string>();
        for (; path is not null; path = path.parent) tokens.Add(path.Token);
        tokens.Reverse();
        return JsonPointer.Of(tokens);
    }

    /// <summary>The end of the pointer, short enough for a message and on one line.</summary>
    public static string Excerpt(InstancePath? path)
    {
        var pointer = new StringBuilder();
        for (; path is not null; path = path.parent)
        {
            if (pointer.Length > ExcerptLength) return pointer.Insert(0, '…').ToString();
            pointer.Insert(0, Wording.Plain(JsonPointer.Escape(path.Token))).Insert(0, '/');
        }
        return pointer.ToString();
    }
}
