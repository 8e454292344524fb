using System.Runtime.CompilerServices;

namespace Baton.TestBed;

/// <summary>Waits for what others bring about. What does not come about fails the test, and says what it was: it must not hold up the others for ever.</summary>
public static class Eventually
{
    /// <summary>Longer than anything takes that still comes, on the slowest machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(1);

    /// <param name="condition">Asked again and again until it holds.</param>
    /// <exception cref="TimeoutException">It did not hold for two minutes.</exception>
    public static Task IsTrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") => IsTrueAsync(() => Task.FromResult(condition()), what);

    /// <param name="condition">Asked again and again until it holds.</param>
    /// <exception cref="TimeoutException">It did not hold for two minutes.</exception>
    public static async Task IsTrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new TimeoutException($"Not within {Patience.TotalMinutes} minutes: {what}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
