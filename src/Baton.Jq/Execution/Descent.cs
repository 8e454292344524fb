namespace Baton.Jq;

/// <summary>Walks all values below a container, depth first, with their paths if wanted: the work of <c>..</c>.</summary>
internal sealed class Descent(JqValue root, PathNode? path)
{
    private readonly Stack<(JqValue Container, int Next, PathNode? Path)> open = new([(root, 0, path)]);

    public bool MoveNext(out JqValue value, out PathNode? path)
    {
        while (open.TryPop(out var top))
        {
            var (container, index, parent) = top;
            var isObject = container.TryGetObject(out var members);
            var items = isObject ? members!.AsSpan() : container.AsArray().AsSpan();
            if (index >= items.Length) continue;
            value = items[index];
            path = parent?.Append(isObject ? members!.KeySpan()[index] : index, value);
            if (index + 1 < items.Length) open.Push((container, index + 1, parent));
            if (value.IsArray || value.IsObject) open.Push((value, 0, path));
            return true;
        }
        (value, path) = (default, null);
        return false;
    }
}
