using System.Text;
using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

/// <summary>An answer that several follow while it comes.</summary>
public sealed class AnswerRecordingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_who_comes_late_gets_the_start_and_then_what_is_added()
    {
        var recording = new AnswerRecording(1000);
        recording.Begin(200, null);
        await WriteAsync(recording, "one ", "two ");
        var late = recording.Listen()!;
        await WriteAsync(recording, "three");
        recording.Complete(isWhole: true);
        Assert.Equal(("one |two |three", Heard.End), await ReadAsync(late));
        Assert.Equal(("one |two |three", Heard.End), await ReadAsync(recording.Listen()!));
    }

    [Theory]
    [InlineData(0, "one |two |three")]
    [InlineData(2, "e |two |three")]
    [InlineData(4, "two |three")]
    [InlineData(13, "")]
    public async Task One_may_begin_at_any_byte(long from, string expected)
    {
        var recording = new AnswerRecording(1000);
        await WriteAsync(recording, "one ", "two ", "three");
        recording.Complete(isWhole: true);
        Assert.Equal((expected, Heard.End), await ReadAsync(recording.Listen(from)!));
        Assert.Null(recording.Listen(14));
    }

    [Fact]
    public async Task The_writer_waits_for_the_foremost_and_for_nobody_else()
    {
        var recording = new AnswerRecording(100);
        var (fast, slow) = (recording.Listen()!, recording.Listen()!);
        await WriteAsync(recording, new string('a', 50), new string('b', 50));
        var third = recording.WriteAsync(Encoding.UTF8.GetBytes(new string('c', 50)), Cancel).AsTask();
        Assert.False(third.IsCompleted);
        await fast.NextAsync(Cancel);
        Assert.False(third.IsCompleted);   // it may still be on its way to that client
        await fast.NextAsync(Cancel);
        await third;
        Assert.Null(recording.Listen());   // the start is gone
        Assert.Equal(100, recording.KeptBytes);
        recording.Complete(isWhole: true);
        Assert.Null(recording.Frames);
        Assert.Equal(Heard.TooSlow, (await slow.NextAsync(Cancel)).Heard);
        Assert.Equal((new string('c', 50), Heard.End), await ReadAsync(fast));
    }

    [Fact]
    public async Task One_who_stays_behind_the_foremost_that_left_loses_nothing()
    {
        var recording = new AnswerRecording(100);
        var (fast, slow) = (recording.Listen()!, recording.Listen()!);
        await WriteAsync(recording, new string('a', 50), new string('b', 50));
        for (var i = 0; i < 2; i++) await fast.NextAsync(Cancel);
        Assert.False(recording.Leave(fast));
        var third = WriteAsync(recording, new string('c', 50));
        Assert.False(third.IsCompleted);
        var all = ReadAsync(slow);
        await third;
        recording.Complete(isWhole: true);
        Assert.Equal(($"{new string('a', 50)}|{new string('b', 50)}|{new string('c', 50)}", Heard.End), await all);
    }

    [Fact]
    public async Task The_last_byte_of_an_answer_of_known_length_is_heard_once_the_answer_is_over()
    {
        var recording = new AnswerRecording(100);
        var listener = recording.Listen()!;
        recording.Begin(200, 8);
        await WriteAsync(recording, "half", "rest");
        Assert.Equal(Heard.Frame, (await listener.NextAsync(Cancel)).Heard);
        var last = listener.NextAsync(Cancel).AsTask();
        Assert.False(last.IsCompleted);
        recording.Complete(isWhole: true);
        Assert.Equal("rest", Encoding.UTF8.GetString((await last).Frame.Span));
        Assert.Equal(Heard.End, (await listener.NextAsync(Cancel)).Heard);
    }

    [Fact]
    public async Task A_piece_larger_than_the_window_comes_through()
    {
        var recording = new AnswerRecording(10);
        var listener = recording.Listen()!;
        var all = ReadAsync(listener);
        await WriteAsync(recording, "small", new string('x', 500), "end");
        recording.Complete(isWhole: true);
        Assert.Equal(($"small|{new string('x', 500)}|end", Heard.End), await all);
    }

    [Fact]
    public void A_hold_keeps_an_answer_that_nobody_listens_to()
    {
        var recording = new AnswerRecording(100);
        var listener = recording.Listen()!;
        Assert.True(recording.TryHold());
        Assert.False(recording.Leave(listener));
        Assert.NotNull(recording.Listen());
        Assert.False(recording.Release());   // there is the new one
    }

    [Fact]
    public void An_answer_that_nobody_listens_to_or_holds_is_abandoned()
    {
        var recording = new AnswerRecording(100);
        Assert.True(recording.Leave(recording.Listen()!));
        Assert.Null(recording.Listen());
        Assert.False(recording.TryHold());
    }

    [Fact]
    public async Task What_breaks_off_breaks_off_for_all()
    {
        var recording = new AnswerRecording(100);
        var listener = recording.Listen()!;
        await WriteAsync(recording, "half");
        recording.Abort();
        recording.Complete(isWhole: true);   // too late
        Assert.Equal(("half", Heard.Aborted), await ReadAsync(listener));
        Assert.Null(recording.Frames);
    }

    [Fact]
    public async Task Whoever_stays_hears_exactly_what_was_written_whoever_comes_and_goes()
    {
        for (var seed = 0; seed < 40; seed++) await RunAsync(seed, window: 1 << 20);
    }

    [Fact]
    public async Task A_small_window_bounds_what_is_kept_and_nobody_hears_anything_wrong()
    {
        for (var seed = 100; seed < 140; seed++) await RunAsync(seed, window: 1500);
    }

    /// <summary>300 pieces, and listeners that come at any time, read on at once or dawdle, leave in the middle or stay; the first one stays.</summary>
    private static async Task RunAsync(int seed, int window)
    {
        const int MostBytes = 200;
        var random = new Random(seed);
        var frames = Enumerable.Range(0, 300).Select(_ => Encoding.UTF8.GetBytes(new string((char)random.Next('a', 'z'), random.Next(1, MostBytes)))).ToList();
        var all = string.Concat(frames.Select(Encoding.UTF8.GetString));
        var recording = new AnswerRecording(window);
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(Cancel);   // as the call is that nobody follows any more
        var listening = new List<Task<bool>> { FollowAsync(recording.Listen()!, int.MaxValue, dawdle: 0) };
        recording.Begin(200, null);
        await Task.Yield();
        foreach (var frame in frames)
        {
            if (abandoned.IsCancellationRequested) break;
            if (random.Next(10) == 0 && recording.Listen() is { } late) listening.Add(FollowAsync(late, random.Next(2) == 0 ? int.MaxValue : random.Next(50), random.Next(4)));
            if (random.Next(5) == 0) await Task.Yield();
            try
            {
                await recording.WriteAsync(frame, abandoned.Token);
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                break;
            }
            Assert.InRange(recording.KeptBytes, 0, Math.Max(window, MostBytes));
        }
        recording.Complete(isWhole: !abandoned.IsCancellationRequested);
        var stayed = await Task.WhenAll(listening);
        Assert.False(abandoned.IsCancellationRequested && window > all.Length);   // the first one stays where nothing is lost
        Assert.True(listening.Count > 5 || window < 10_000);
        if (window > all.Length) Assert.DoesNotContain(false, stayed);
        Assert.Equal(window > all.Length, recording.Frames is { } kept && string.Concat(kept.Select(Encoding.UTF8.GetString)) == all);

        // Whether it heard all that it wanted to hear; what it heard is right in every case.
        async Task<bool> FollowAsync(AnswerListener listener, int most, int dawdle)
        {
            await Task.Yield();
            var heard = new StringBuilder();
            for (var i = 0; i < most; i++)
            {
                for (var wait = 0; wait < dawdle; wait++) await Task.Yield();
                var (what, frame) = await listener.NextAsync(Cancel);
                if (what == Heard.Frame)
                {
                    heard.Append(Encoding.UTF8.GetString(frame.Span));
                    continue;
                }
                Assert.StartsWith(heard.ToString(), all, StringComparison.Ordinal);
                if (!abandoned.IsCancellationRequested) Assert.Equal(what == Heard.End, heard.Length == all.Length);
                await LeaveAsync(listener);
                return what == Heard.End;
            }
            Assert.StartsWith(heard.ToString(), all, StringComparison.Ordinal);
            await LeaveAsync(listener);
            return true;
        }

        async ValueTask LeaveAsync(AnswerListener listener)
        {
            if (recording.Leave(listener) && recording.State == RecordingState.Open) await abandoned.CancelAsync();
        }
    }

    private static async Task WriteAsync(AnswerRecording recording, params string[] pieces)
    {
        foreach (var piece in pieces) await recording.WriteAsync(Encoding.UTF8.GetBytes(piece), Cancel);
    }

    private static async Task<(string Text, Heard Last)> ReadAsync(AnswerListener listener)
    {
        var pieces = new List<string>();
        while (true)
        {
            var (heard, frame) = await listener.NextAsync(Cancel);
            if (heard != Heard.Frame) return (string.Join('|', pieces), heard);
            pieces.Add(Encoding.UTF8.GetString(frame.Span));
        }
    }
}
