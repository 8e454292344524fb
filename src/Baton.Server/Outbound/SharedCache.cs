namespace Baton.Server.Outbound;

/// <summary>What a fetch found, and how long it is good for.</summary>
internal readonly record struct Fetched<T>(T Value, TimeSpan Lifetime);

/// <summary>
/// Values that are dear to get and good for a while. However many ask for one at once, it is fetched once; those who only want it themselves
/// no longer do not disturb the others, and when nobody wants it any more the fetch is cancelled. A failure is not kept. Thread-safe.
/// </summary>
/// <param name="capacity">Most values kept; beyond, the one that was not used for longest goes.</param>
internal sealed class SharedCache<T>(TimeProvider time, int capacity) where T : class
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Flight> flights = new(StringComparer.Ordinal);

    /// <summary>The value of a key, fetched if there is none or its time is over.</summary>
    /// <param name="fetch">Given the value that is past its time, if there is one, and a token that is signalled when nobody waits any more.</param>
    public async Task<T> GetAsync(string key, Func<T?, CancellationToken, Task<Fetched<T>>> fetch, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Flight? flight;
        T? stale = null;
        var isMine = false;
        lock (gate)
        {
            if (entries.TryGetValue(key, out var entry))
            {
                var now = time.GetUtcNow();
                entry.UsedAt = now;
                if (entry.FreshUntil > now) return entry.Value;
                stale = entry.Value;
            }
            if (!flights.TryGetValue(key, out flight))
            {
                flights[key] = flight = new Flight();
                isMine = true;
            }
            flight.Waiting++;
        }
        if (isMine) _ = FlyAsync(key, flight, stale, fetch);   // owned by those who wait below: the last to leave cancels it
        try
        {
            return await flight.Result.Task.WaitAsync(cancel);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    /// <summary>Forgets a value that has proved to be no good, unless another one has taken its place already.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Expire(string key, T value)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry) || !ReferenceEquals(entry.Value, value) || entry.FreshUntil == default) return false;
            entry.FreshUntil = default;   // kept, for a fetch that starts from the old value
            return true;
        }
    }

    private async Task FlyAsync(string key, Flight flight, T? stale, Func<T?, CancellationToken, Task<Fetched<T>>> fetch)
    {
        try
        {
            var fetched = await fetch(stale, flight.Cancel.Token);
            lock (gate)
            {
                Keep(key, fetched);
                Remove(key, flight);
            }
            flight.Result.TrySetResult(fetched.Value);
        }
        catch (Exception e)   // whatever went wrong goes to those who wait
        {
            lock (gate) Remove(key, flight);
            flight.Result.TrySetException(e);
            _ = flight.Result.Task.Exception;   // seen, even when everybody has left
        }
    }

    private void Keep(string key, Fetched<T> fetched)
    {
        var now = time.GetUtcNow();
        if (!entries.ContainsKey(key) && entries.Count >= capacity) entries.Remove(entries.MinBy(entry => entry.Value.UsedAt).Key);
        entries[key] = new Entry(fetched.Value) { FreshUntil = now + fetched.Lifetime, UsedAt = now };
    }

    private void Leave(string key, Flight flight)
    {
        bool isLast;
        lock (gate)
        {
            isLast = --flight.Waiting == 0;
            if (isLast) Remove(key, flight);
        }
        if (isLast) flight.Cancel.Cancel();
    }

    // A later flight of the same key must stay.
    private void Remove(string key, Flight flight)
    {
        if (flights.TryGetValue(key, out var current) && ReferenceEquals(current, flight)) flights.Remove(key);
    }

    private sealed class Entry(T value)
    {
        public T Value { get; } = value;
        public DateTimeOffset FreshUntil { get; set; }
        public DateTimeOffset UsedAt { get; set; }
    }

    private sealed class Flight
    {
        public TaskCompletionSource<T> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public CancellationTokenSource Cancel { get; } = new();
        public int Waiting { get; set; }
    }
}
