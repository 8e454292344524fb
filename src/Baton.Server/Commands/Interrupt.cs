using System.Runtime.InteropServices;

namespace Baton.Server.Commands;

/// <summary>Ctrl-C and SIGTERM as a token: the first asks, the second ends the process at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;

    public Interrupt() => registrations = [Register(PosixSignal.SIGINT), Register(PosixSignal.SIGTERM), Register(PosixSignal.SIGQUIT)];

    public CancellationToken Token => source.Token;

    /// <summary>Waits until somebody asks: for commands that go on until then.</summary>
    public static async Task WaitAsync(CancellationToken asked)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, asked);
        }
        catch (OperationCanceledException)
        {
            // This is what was waited for.
        }
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        if (source.IsCancellationRequested) return;
        context.Cancel = true;
        source.Cancel();
    });
}
