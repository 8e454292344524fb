namespace Baton.Server.Gateway;

/// <summary>Allows one extra call for so and so many requests, never more, however few they are; a little is saved up. Thread-safe.</summary>
/// <param name="requests">Requests for one extra call.</param>
internal sealed class HedgeCredit(int requests)
{
    private const int MostSaved = 10;

    private int credit;

    /// <summary>A request has come.</summary>
    public void Count()
    {
        if (Volatile.Read(ref credit) < MostSaved * requests) Interlocked.Increment(ref credit);
    }

    public bool TryTake()
    {
        for (var seen = Volatile.Read(ref credit); seen >= requests;)
        {
            var was = Interlocked.CompareExchange(ref credit, seen - requests, seen);
            if (was == seen) return true;
            seen = was;
        }
        return false;
    }
}
