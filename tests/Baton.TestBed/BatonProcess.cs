using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Baton.TestBed;

/// <summary>The real executable as a child process, with an environment in which no setting of the machine counts.</summary>
public sealed class BatonProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder error = new();
    private readonly ConcurrentQueue<string> output = [];
    private readonly Task reading;

    private BatonProcess(Process process)
    {
        this.process = process;
        reading = ReadAsync();
    }

    public int Id => process.Id;

    public string Output => string.Join('\n', output);

    public string Error
    {
        get
        {
            lock (error) return error.ToString();
        }
    }

    /// <param name="home">Its home and its working folder.</param>
    /// <param name="environment">What it finds in its environment beside the path; null removes.</param>
    public static BatonProcess Start(string home, IEnumerable<string> arguments, params (string Name, string? Value)[] environment) => Start("dotnet", [], home, arguments, environment);

    private static BatonProcess Start(string file, IEnumerable<string> before, string home, IEnumerable<string> arguments, (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = home };
        foreach (var argument in before) start.ArgumentList.Add(argument);
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "baton.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("BATON_", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        start.Environment["HOME"] = home;
        start.Environment["XDG_DATA_HOME"] = Path.Combine(home, "data");
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new BatonProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string home, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        await using var baton = Start(home, arguments, environment);
        baton.process.StandardInput.Close();
        return (await baton.ExitAsync(), baton.Output, baton.Error);
    }

    /// <summary>Runs a command whose standard output is on a disk without space.</summary>
    public static async Task<(int Code, string Output, string Error)> RunOnFullDiskAsync(string home, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        await using var baton = Start("/bin/sh", ["-c", "exec dotnet \"$0\" \"$@\" >/dev/full"], home, arguments, environment);
        return (await baton.ExitAsync(), baton.Output, baton.Error);
    }

    /// <summary><c>baton serve</c> on a free port.</summary>
    public static async Task<(BatonProcess Process, Uri Address)> ServeAsync(string home, string? database, IEnumerable<string>? arguments = null, params (string Name, string? Value)[] environment)
    {
        var baton = Start(home, ["serve", "--port", "0", .. database is null ? Array.Empty<string>() : ["--db", database], .. arguments ?? []], environment);
        var line = await baton.LineAsync(line => line.Contains(" listens on ", StringComparison.Ordinal));
        return (baton, new Uri(line.Split(" listens on ")[1].Split(' ')[0]));
    }

    /// <summary>A client for one that serves, past any proxy of the machine.</summary>
    public static HttpClient Connect(Uri address) => new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };

    /// <summary>Waits for a line on either stream.</summary>
    public async Task<string> LineAsync(Func<string, bool> wanted)
    {
        using var limit = Limit();
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(limit.Token))
            {
                if (wanted(line)) return line;
            }
        }
        catch (OperationCanceledException)
        {
            // Said below, with what there was.
        }
        throw new InvalidOperationException($"The line did not come. Output: {Output}\nErrors: {Error}");
    }

    public void Interrupt() => Signal(Signals.Interrupt);

    public void Terminate() => Signal(Signals.Terminate);

    /// <summary>SIGSTOP: it stands still, its connections stay open, and it knows nothing of it.</summary>
    public void Pause() => Signal(Signals.Stop);

    /// <summary>SIGCONT: it goes on in the middle of whatever it did.</summary>
    public void Continue() => Signal(Signals.Continue);

    /// <summary>SIGKILL: no code of the process runs any more.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await ExitAsync();
    }

    /// <summary>Waits for its end, however long that takes.</summary>
    public async Task EndAsync()
    {
        await process.WaitForExitAsync(CancellationToken.None);
        await reading;
    }

    /// <summary>Waits for its end and all it wrote; within a minute.</summary>
    public async Task<int> ExitAsync()
    {
        using var limit = Limit();
        await process.WaitForExitAsync(limit.Token);
        await reading.WaitAsync(limit.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }

    private static CancellationTokenSource Limit() => new(Patience, TimeProvider.System);

    private void Signal(int signal)
    {
        if (!Signals.Send(Id, signal)) throw new InvalidOperationException($"Process {Id} took no signal {signal}: it has ended. Errors: {Error}");
    }

    private async Task ReadAsync()
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput, output.Enqueue), ReadAsync(process.StandardError, line =>
        {
            lock (error) error.AppendLine(line);
        }));
        lines.Writer.TryComplete();   // whoever waits for a line need not wait for one that cannot come
    }

    private async Task ReadAsync(StreamReader reader, Action<string> keep)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            keep(line);
            lines.Writer.TryWrite(line);
        }
    }
}
