namespace Baton.Server.Gateway;

/// <summary>Answers by their keys, within a number of bytes: what was not asked for longest goes first. In memory only. Not thread-safe: its owner sees to that.</summary>
internal sealed class AnswerStore(long maxBytes)
{
    private readonly Dictionary<CacheKey, LinkedListNode<(CacheKey Key, CachedAnswer Answer)>> nodes = [];
    private readonly LinkedList<(CacheKey Key, CachedAnswer Answer)> byUse = new();   // the latest in front

    /// <summary>What the answers take, about; never more than the limit.</summary>
    public long Bytes { get; private set; }

    public int Count => nodes.Count;

    public CachedAnswer? Find(CacheKey key)
    {
        if (!nodes.TryGetValue(key, out var node)) return null;
        byUse.Remove(node);
        byUse.AddFirst(node);
        return node.Value.Answer;
    }

    /// <summary>Keeps an answer in place of any other of its key. One that is larger than everything may be is not kept.</summary>
    public void Put(CacheKey key, CachedAnswer answer)
    {
        Remove(key);
        if (answer.Bytes > maxBytes) return;
        while (Bytes + answer.Bytes > maxBytes) Remove(byUse.Last!.Value.Key);
        nodes[key] = byUse.AddFirst((key, answer));
        Bytes += answer.Bytes;
    }

    public void Remove(CacheKey key)
    {
        if (!nodes.Remove(key, out var node)) return;
        byUse.Remove(node);
        Bytes -= node.Value.Answer.Bytes;
    }
}
