using System.Collections.Concurrent;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Lets few calls of one task through at once, over all runs of a document in this process.</summary>
internal sealed class Gates
{
    private readonly ConcurrentDictionary<(string Task, int AtMost), SemaphoreSlim> gates = new();

    public async Task<T> RunAsync<T>(string task, int atMost, Func<Task<T>> call, CancellationToken cancel)
    {
        var gate = gates.GetOrAdd((task, atMost), static key => new SemaphoreSlim(key.AtMost));
        await gate.WaitAsync(cancel);
        try
        {
            return await call();
        }
        finally
        {
            gate.Release();
        }
    }
}

/// <summary>How a call differs from the one that failed.</summary>
/// <param name="Change">Another request in place of the task's own.</param>
/// <param name="AtMost">Most calls of the task at once; null for any number.</param>
internal sealed record Substitute(Func<EffectRequest, EffectRequest>? Change = null, int? AtMost = null, bool RefreshesCredential = false);
