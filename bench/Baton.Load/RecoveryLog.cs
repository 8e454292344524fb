namespace Baton.Load;

/// <summary>The file to which every watched step adds a line, run and number: a witness outside of every engine.</summary>
internal sealed class RecoveryLog(string path)
{
    public const int Runs = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Look = TimeSpan.FromMilliseconds(10);

    public string Path { get; } = path;

    /// <summary>Until every run stands in the step in which it is held.</summary>
    public Task HeldAsync(CancellationToken cancel) => CountAsync(Runs * (ServerSubjects.HoldAt + 1), cancel);

    /// <summary>Until every run has performed its last step. The held step is performed again: its outcome was never recorded.</summary>
    public Task FinishedAsync(CancellationToken cancel) => CountAsync(Runs * (EngineSubjects.Steps + 1), cancel);

    /// <summary>How often a step whose outcome was recorded was performed again.</summary>
    /// <exception cref="BenchException">A step is missing.</exception>
    public int Repeated()
    {
        var times = File.ReadLines(Path).CountBy(line => line).ToList();
        if (times.Count != Runs * EngineSubjects.Steps) throw new BenchException($"{times.Count:N0} steps were performed instead of {Runs * EngineSubjects.Steps:N0}");
        return times.Sum(line => Math.Max(0, line.Value - (line.Key.EndsWith($" {ServerSubjects.HoldAt}", StringComparison.Ordinal) ? 2 : 1)));
    }

    /// <summary>Counts by what comes in: reading it all again and again would cost the engine its processor.</summary>
    private async Task CountAsync(int lines, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        await using var file = new FileStream(Path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        var (buffer, seen) = (new byte[64 * 1024], 0);
        try
        {
            while (seen < lines)
            {
                var read = await file.ReadAsync(buffer, patience.Token);
                seen += buffer.AsSpan(0, read).Count((byte)'\n');
                if (read == 0) await Task.Delay(Look, TimeProvider.System, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchException($"only {seen:N0} of {lines:N0} steps were performed in {Patience.TotalSeconds} s");
        }
    }
}
