using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Baton.Server.Cluster;

/// <summary>Who wants to be told of what. Telling costs nothing where nobody listens.</summary>
internal sealed class Watchers<TKey, T> where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, ImmutableArray<Action<T>>> interested = new();

    /// <summary>Calls everybody that watches the key. They must not block.</summary>
    public void Tell(TKey key, T news)
    {
        if (interested.IsEmpty || !interested.TryGetValue(key, out var watchers)) return;
        foreach (var watcher in watchers) watcher(news);
    }

    /// <summary>Calls <paramref name="watcher"/> with all news of the key until disposed.</summary>
    public IDisposable Watch(TKey key, Action<T> watcher)
    {
        interested.AddOrUpdate(key, [watcher], (_, others) => others.Add(watcher));
        return new Watching(this, key, watcher);
    }

    private sealed class Watching(Watchers<TKey, T> owner, TKey key, Action<T> watcher) : IDisposable
    {
        public void Dispose()
        {
            while (owner.interested.TryGetValue(key, out var others))
            {
                var left = others.Remove(watcher);
                if (left.IsEmpty ? owner.interested.TryRemove(KeyValuePair.Create(key, others)) : owner.interested.TryUpdate(key, left, others)) return;
            }
        }
    }
}
