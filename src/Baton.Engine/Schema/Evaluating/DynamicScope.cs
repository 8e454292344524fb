namespace Baton.Engine.Schema;

/// <summary>The schema resources on the way to the schema that is being applied, outermost first: what <c>$dynamicRef</c> looks through.</summary>
internal sealed class DynamicScope
{
    private readonly List<SchemaResource> entered = [];

    public int Depth => entered.Count;

    /// <summary>Enters a resource; false when it is the current one already.</summary>
    public bool Enter(SchemaResource resource)
    {
        if (entered.Count > 0 && entered[^1] == resource) return false;
        entered.Add(resource);
        return true;
    }

    public void Leave() => entered.RemoveAt(entered.Count - 1);

    public void Clear() => entered.Clear();

    /// <summary>The schema that the outermost resource with this dynamic anchor gives it, or null.</summary>
    public SchemaNode? Find(string anchor)
    {
        foreach (var resource in entered)
        {
            if (resource.DynamicAnchors.TryGetValue(anchor, out var target)) return target.Node;
        }
        return null;
    }
}
