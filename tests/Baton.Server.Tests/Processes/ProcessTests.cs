using System.Diagnostics;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Processes;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Processes;

public sealed class ProcessTests : IAsyncDisposable
{
    private readonly CapturedLog log = new();
    private readonly OutboundWorld outbound = new();
    private readonly ProcessOptions options = new() { AllowShell = true, AllowScripts = true };
    private ProcessCalls? calls;

    private ProcessCalls Calls => calls ??= new ProcessCalls(outbound.Resources, Microsoft.Extensions.Options.Options.Create(options), Time, log.For<ProcessCalls>());

    private TimeProvider Time { get; set; } = TimeProvider.System;

    public async ValueTask DisposeAsync()
    {
        if (calls is not null) await calls.DisposeAsync();
        outbound.Dispose();
        log.Dispose();
    }

    private static EffectRequest.Process Shell(string command, params string[] arguments) => new(null, command, null, [.. arguments], [], null, ProcessReturn.Stdout, true);

    private Task<JqValue> RunAsync(EffectRequest.Process call, CancellationToken cancel = default) => Calls.PerformAsync(call, OutboundWorld.Step(cancel: cancel));

    private async Task<WorkflowException> FailAsync(EffectRequest.Process call) => await Assert.ThrowsAsync<WorkflowException>(() => RunAsync(call));

    [Fact]
    public async Task A_shell_command_gets_its_input_and_its_arguments()
    {
        var output = await RunAsync(Shell("input=$(cat)\necho \"STDIN was: $input\"\necho \"ARGS are $1 $2, $# of $0\"", "Foo", "B a'r\"$HOME") with { Stdin = "Hello Wörld" });
        Assert.Equal("STDIN was: Hello Wörld\nARGS are Foo B a'r\"$HOME, 2 of sh\n", output.AsString());
    }

    [Theory]
    [InlineData(ProcessReturn.Stdout, "\"out\\n\"")]
    [InlineData(ProcessReturn.Stderr, "\"err\\n\"")]
    [InlineData(ProcessReturn.Code, "0")]
    [InlineData(ProcessReturn.All, """{"code":0,"stdout":"out\n","stderr":"err\n"}""")]
    [InlineData(ProcessReturn.None, "null")]
    public async Task The_document_says_what_of_a_process_it_wants(ProcessReturn wanted, string expected) =>
        Assert.Equal(JqValue.Parse(expected), await RunAsync(Shell("echo out; echo err >&2") with { Return = wanted }));

    [Fact]
    public async Task A_code_that_is_not_zero_is_data_where_it_is_asked_for_and_an_error_elsewhere()
    {
        var call = Shell("echo out; echo something is wrong >&2; exit 3");
        Assert.Equal(3, (await RunAsync(call with { Return = ProcessReturn.Code })).AsDouble());
        Assert.Equal(JqValue.Parse("""{"code":3,"stdout":"out\n","stderr":"something is wrong\n"}"""), await RunAsync(call with { Return = ProcessReturn.All }));
        foreach (var wanted in (ProcessReturn[])[ProcessReturn.Stdout, ProcessReturn.Stderr, ProcessReturn.None])
        {
            var e = await FailAsync(call with { Return = wanted });
            Assert.Equal((ErrorTypes.Runtime, 500, ErrorClass.Generic), (e.Error.Type, e.Error.Status, e.Class));
            Assert.Equal("The shell command ended with code 3. Its error output ends: something is wrong", e.Error.Detail);
        }
        Assert.Equal(137, (await RunAsync(Shell("kill -9 $$") with { Return = ProcessReturn.Code })).AsDouble());
    }

    [Fact]
    public async Task The_environment_holds_what_the_document_names_and_nothing_of_the_servers()
    {
        Environment.SetEnvironmentVariable("BATON_TEST_SECRET", "s3cret");
        try
        {
            var output = (await RunAsync(Shell("env; pwd; ls -a") with { Environment = [new("foo", "b=ar\nz"), new("LANG", "C")] })).AsString();
            Assert.DoesNotContain("BATON_TEST_SECRET", output, StringComparison.Ordinal);
            Assert.Contains("foo=b=ar\nz\n", output, StringComparison.Ordinal);
            Assert.Contains("LANG=C\n", output, StringComparison.Ordinal);
            var names = output.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=')[0]).Except(["PWD", "SHLVL", "_", "OLDPWD"], StringComparer.Ordinal);
            Assert.Equal("HOME LANG PATH TMPDIR foo", string.Join(' ', names.Order(StringComparer.Ordinal)));
        }
        finally
        {
            Environment.SetEnvironmentVariable("BATON_TEST_SECRET", null);
        }
    }

    [Fact]
    public async Task A_process_has_a_folder_of_its_own_that_goes_with_it()
    {
        var folder = (await RunAsync(Shell("pwd; [ \"$HOME\" = \"$PWD\" ] && [ \"$TMPDIR\" = \"$PWD\" ] && mkdir -p a/b && echo x > a/b/c && ln -s / root"))).AsString().Trim();
        Assert.Contains("baton-run-", folder, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
        Assert.True(Directory.Exists("/usr"));
        var failed = await FailAsync(Shell("pwd >&2; exit 1"));
        Assert.False(Directory.Exists(failed.Error.Detail!.Split("ends: ")[1]));
    }

    [Theory]
    [InlineData("js", "import { readFileSync } from 'node:fs';\nconst [_, __, a, b] = process.argv;\nconsole.log(readFileSync(0, 'utf8'), a, b, process.env.foo);")]
    [InlineData("js", "const { readFileSync } = require('fs');\nconsole.log(readFileSync(0, 'utf8'), ...process.argv.slice(2), process.env.foo);")]
    [InlineData("python", "import os, sys\nprint(sys.stdin.read(), *sys.argv[1:], os.environ['foo'])")]
    public async Task A_script_gets_its_input_arguments_and_environment(string language, string code)
    {
        var call = new EffectRequest.Process(language, code, null, ["--é", "2"], [new("foo", "bär")], "in", ProcessReturn.Stdout, true);
        Assert.Equal("in --é 2 bär\n", (await RunAsync(call)).AsString());
    }

    [Fact]
    public async Task A_script_can_be_read_from_a_resource()
    {
        await using var server = await WebServer.StartAsync(http => http.Response.WriteAsync("print('from afar')"));
        var call = new EffectRequest.Process("python", null, new ResourceReference(server["/script.py"], null), [], [], null, ProcessReturn.Stdout, true);
        Assert.Equal("from afar\n", (await RunAsync(call)).AsString());
    }

    [Fact]
    public async Task A_script_that_fails_shows_the_end_of_its_complaint()
    {
        var e = await FailAsync(new EffectRequest.Process("python", "import sys\nsys.stderr.write('x' * 10000 + 'ü\\n')\nraise SystemExit('the end of it')", null, [], [], null, ProcessReturn.Stdout, true));
        Assert.EndsWith("ü\nthe end of it", e.Error.Detail, StringComparison.Ordinal);
        Assert.InRange(e.Error.Detail!.Length, 100, 2_200);
    }

    [Fact]
    public async Task What_is_switched_off_is_refused_with_the_name_of_its_switch()
    {
        options.AllowShell = options.AllowScripts = false;
        var shell = await FailAsync(Shell("true"));
        Assert.Equal((ErrorTypes.Authorization, 403, ErrorClass.Auth), (shell.Error.Type, shell.Error.Status, shell.Class));
        Assert.Contains("Processes:AllowShell", shell.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("Processes:AllowScripts", (await FailAsync(Shell("1") with { Language = "js" })).Error.Detail, StringComparison.Ordinal);
        Assert.False(new ProcessOptions().AllowShell || new ProcessOptions().AllowScripts);
    }

    [Fact]
    public async Task A_missing_interpreter_or_an_unknown_language_is_a_clear_error()
    {
        (options.Node, options.Python, options.Shell) = ("no-such-node", "/no/such/python3", "/etc/passwd");
        Assert.Contains("needs Node.js, but 'no-such-node' is not there", (await FailAsync(Shell("1") with { Language = "js" })).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("Processes:Python", (await FailAsync(Shell("1") with { Language = "python" })).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("Processes:Shell", (await FailAsync(Shell("1"))).Error.Detail, StringComparison.Ordinal);
        var e = await FailAsync(Shell("1") with { Language = "perl" });
        Assert.Equal(ErrorTypes.Configuration, e.Error.Type);
        Assert.Contains("js and python", e.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(ErrorTypes.Configuration, (await FailAsync(new EffectRequest.Process("js", null, null, [], [], null, ProcessReturn.Stdout, true))).Error.Type);
    }

    [Fact]
    public async Task What_no_process_can_be_given_is_refused()
    {
        Assert.Contains("null character", (await FailAsync(Shell("echo", "a\0b"))).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("null character", (await FailAsync(Shell("echo\0"))).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("environment variable", (await FailAsync(Shell("echo") with { Environment = [new("a=b", "")] })).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("'v' holds a null", (await FailAsync(Shell("echo") with { Environment = [new("v", "\0")] })).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("hand large data over by stdin", (await FailAsync(Shell("echo", new string('x', 3_000_000)))).Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_output_is_cut_with_a_note_and_does_not_hold_the_process_up()
    {
        options.MaxOutputBytes = 1_001;
        var output = await RunAsync(Shell("i=0; while [ $i -lt 20000 ]; do echo üüüüüüüüüüüüüüüüüüüüüüüüü; i=$((i+1)); done; printf X >&2; head -c 5000000 /dev/zero >&2; exit 5") with { Return = ProcessReturn.All });
        Assert.Equal(5, output["code"].AsDouble());
        Assert.Equal($"\n[cut: {20_000 * 51 - 1_001} bytes more]", output["stdout"].AsString()[^26..]);
        Assert.DoesNotContain("\uFFFD", output["stdout"].AsString(), StringComparison.Ordinal);
        Assert.Equal("X" + new string('\0', 1_000) + "\n[cut: 4999000 bytes more]", output["stderr"].AsString());
    }

    [Fact]
    public async Task Input_that_the_process_does_not_read_does_no_harm() =>
        Assert.Equal("done\n", (await RunAsync(Shell("echo done") with { Stdin = new string('x', 5_000_000) })).AsString());

    [Fact]
    public async Task Large_input_goes_in_while_output_comes_out() =>
        Assert.Equal(3_000_000, (await RunAsync(Shell("cat") with { Stdin = new string('x', 3_000_000) })).AsString().Length);

    [Fact]
    public async Task What_a_command_leaves_running_is_ended_with_it()
    {
        var pids = (await RunAsync(Shell("sleep 1000 & echo $!; (sleep 1000 & echo $!); sh -c 'sleep 1000 & echo $!'"))).AsString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, pids.Length);
        foreach (var pid in pids) await AssertGoneAsync(int.Parse(pid));
    }

    [Fact]
    public async Task What_escapes_and_holds_the_pipe_is_not_waited_for()
    {
        using var pipe = new PidPipe();
        var run = RunAsync(Shell($"setsid sh -c 'echo $$; echo > {pipe.Path}; exec sleep 1000' & read line < {pipe.Path}; echo here"));
        var lines = (await run).AsString().Split('\n');
        Assert.Contains(lines, line => line == "here");
        Process.GetProcessById(int.Parse(lines[0])).Kill();
    }

    [Fact]
    public async Task What_a_process_has_written_is_had_however_late_it_is_read()
    {
        Time = new NoGrace();
        var expected = new string('x', 60_000);
        for (var round = 0; round < 100; round++) Assert.Equal(expected, (await RunAsync(Shell("printf '%s' \"$X\"") with { Environment = [new("X", expected)] })).AsString());
    }

    [Fact]
    public async Task A_cancelled_step_kills_the_process_with_its_grandchildren()
    {
        for (var round = 0; round < 50; round++)
        {
            using var pipe = new PidPipe();
            using var cancel = new CancellationTokenSource();
            // One child with its parent alive, one whose parent is gone, one below a subshell of its own.
            var run = RunAsync(Shell($"sleep 1000 & echo $! > {pipe.Path}; (sleep 1000 & echo $! > {pipe.Path}); sh -c 'sleep 1000 & echo $! > {pipe.Path}; wait' & echo $$ > {pipe.Path}; wait"), cancel.Token);
            var pids = await pipe.ReadAsync(4);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
            foreach (var pid in pids) await AssertGoneAsync(pid);
        }
        Assert.DoesNotContain(log.Lines, line => line.Contains("could not be removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_takes_too_long_is_killed_and_an_error()
    {
        var time = new ManualTime();
        Time = time;
        using var pipe = new PidPipe();
        var run = FailAsync(Shell($"echo $$ > {pipe.Path}; sleep 1000"));
        var pid = Assert.Single(await pipe.ReadAsync(1));
        time.Advance(options.Timeout);
        var e = await run;
        Assert.Equal((ErrorTypes.Timeout, 408, ErrorClass.Connectivity), (e.Error.Type, e.Error.Status, e.Class));
        Assert.Contains("Processes:Timeout", e.Error.Detail, StringComparison.Ordinal);
        await AssertGoneAsync(pid);
    }

    [Fact]
    public async Task A_process_that_is_not_awaited_runs_on_and_is_ended_with_the_server()
    {
        using var pipe = new PidPipe();
        using var cancel = new CancellationTokenSource();
        Assert.True((await RunAsync(Shell($"echo $$ > {pipe.Path}; sleep 1000") with { Await = false }, cancel.Token)).IsNull);
        var pid = Assert.Single(await pipe.ReadAsync(1));
        await cancel.CancelAsync();   // the step is over: that is no reason to end
        Assert.False(Process.GetProcessById(pid).HasExited);
        await Calls.DisposeAsync();
        await AssertGoneAsync(pid);
        Assert.Contains(log.Lines, line => line.Contains("the server stops", StringComparison.Ordinal));
        calls = null;
    }

    [Fact]
    public async Task A_process_that_is_not_awaited_and_fails_is_logged_without_what_it_said()
    {
        using var pipe = new PidPipe();
        await RunAsync(Shell($"echo $$ > {pipe.Path}; echo private >&2; exit 4") with { Await = false });
        await pipe.ReadAsync(1);
        await Eventually.IsTrueAsync(() => log.Lines.Any(line => line.Contains("failed: code 4", StringComparison.Ordinal)));
        Assert.DoesNotContain(log.Lines, line => line.Contains("private", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_more_processes_run_at_once_than_the_setting_says()
    {
        options.MaxRunning = 2;
        var folder = Directory.CreateTempSubdirectory("baton-count-");
        try
        {
            var counts = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => RunAsync(Shell("touch $1/$$; ls $1 | wc -l; rm $1/$$", folder.FullName))));
            Assert.All(counts, count => Assert.InRange(int.Parse(count.AsString()), 1, 2));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Secrets_in_the_environment_do_not_come_out_of_errors_and_nothing_comes_out_of_logs()
    {
        var e = await FailAsync(Shell("echo \"token is $MY_TOKEN, name is $NAME\" >&2; exit 1") with { Environment = [new("MY_TOKEN", "abc123def"), new("NAME", "plain")] });
        Assert.EndsWith("token is ***, name is plain", e.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.Contains("plain", StringComparison.Ordinal) || line.Contains("echo", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_processes_at_once_all_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => RunAsync(Shell($"echo {i}"))));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}\n"), answers.Select(answer => answer.AsString()), StringComparer.Ordinal);
    }

    /// <summary>Killed, and reaped or about to be: what init has adopted may still be seen as a zombie for a moment.</summary>
    private static async Task AssertGoneAsync(int pid)
    {
        var watch = Stopwatch.StartNew();
        while (State(pid) is not (null or 'Z' or 'X'))
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(10)) Assert.Fail($"The process {pid} still runs.");
            await Task.Yield();
        }

        static char? State(int pid)
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                return stat[stat.LastIndexOf(')') + 2];
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>The real clock, on which a wait of up to a second is over as soon as it begins: as on a machine that stood still meanwhile.</summary>
    private sealed class NoGrace : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime <= TimeSpan.FromSeconds(1) ? TimeSpan.Zero : dueTime, period);
    }

    /// <summary>A named pipe through which processes say their numbers.</summary>
    private sealed class PidPipe : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("baton-pipe-");
        private readonly FileStream stream;

        public PidPipe()
        {
            Path = System.IO.Path.Combine(folder.FullName, "pipe");
            using (var make = Process.Start(new ProcessStartInfo("mkfifo") { ArgumentList = { Path }, UseShellExecute = false })!) make.WaitForExit();
            stream = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1, FileOptions.None);   // both ends: opening waits for nobody
        }

        public string Path { get; }

        public async Task<int[]> ReadAsync(int count)
        {
            var numbers = new List<int>();
            var text = "";
            var buffer = new byte[1];
            while (numbers.Count < count)
            {
                if (await stream.ReadAsync(buffer) == 0) continue;
                if (buffer[0] != '\n')
                {
                    text += (char)buffer[0];
                    continue;
                }
                numbers.Add(int.Parse(text));
                text = "";
            }
            return [.. numbers];
        }

        public void Dispose()
        {
            stream.Dispose();
            folder.Delete(recursive: true);
        }
    }
}
