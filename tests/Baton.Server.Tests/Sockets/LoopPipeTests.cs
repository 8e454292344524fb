using System.Buffers;
using Baton.Server.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Baton.Server.Tests.Sockets;

public sealed class LoopPipeTests : IDisposable
{
    private readonly EventLoops loops = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => loops.Dispose();

    [Fact]
    public async Task What_is_written_is_read_whole_however_much_is_written_looked_at_and_taken_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async seed =>
        {
            using var pair = await LoopPair.ConnectAsync(loops, smallBuffers: seed % 3 == 0);
            var bytes = new byte[200_000 + seed];
            new Random(seed).NextBytes(bytes);
            await Task.WhenAll(WriteAsync(new LoopWriter(pair.Far), bytes, new Random(seed)), ReadAsync(new LoopReader(pair.Near), bytes, new Random(-seed)));
        }));

        static async Task WriteAsync(LoopWriter writer, byte[] bytes, Random random)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - at, random.Next(1, 10_000));
                bytes.AsSpan(at, length).CopyTo(writer.GetSpan(length));
                writer.Advance(length);
                at += length;
                if (random.Next(3) == 0) await writer.FlushAsync(Cancel);
            }
            await writer.CompleteAsync();
        }

        static async Task ReadAsync(LoopReader reader, byte[] bytes, Random random)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var read = await reader.ReadAsync(Cancel);
                Assert.False(read.IsCompleted || read.IsCanceled);
                var come = read.Buffer;
                Assert.True(come.ToArray().AsSpan().SequenceEqual(bytes.AsSpan(at, (int)come.Length)));
                var taken = at + come.Length == bytes.Length ? (int)come.Length : random.Next((int)come.Length + 1);   // nothing comes behind the last
                reader.AdvanceTo(come.GetPosition(taken), random.Next(2) == 0 ? come.End : come.GetPosition(random.Next(taken, (int)come.Length + 1)));
                at += taken;
            }
        }
    }

    [Fact]
    public async Task A_read_that_is_interrupted_gives_what_is_there_and_the_next_one_waits_again()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var reader = new LoopReader(pair.Near);
        reader.CancelPendingRead();
        Assert.True((await reader.ReadAsync(Cancel)) is { IsCanceled: true, Buffer.IsEmpty: true });
        reader.AdvanceTo(default);
        await pair.Far.SendAsync("half"u8.ToArray(), Cancel);
        var half = (await reader.ReadAsync(Cancel)).Buffer;
        reader.AdvanceTo(half.Start, half.End);
        var waiting = reader.ReadAsync(Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        reader.CancelPendingRead();
        var interrupted = await waiting;
        Assert.Equal((true, 4), (interrupted.IsCanceled, interrupted.Buffer.Length));
        reader.AdvanceTo(interrupted.Buffer.Start, interrupted.Buffer.End);
        waiting = reader.ReadAsync(Cancel).AsTask();
        await pair.Far.SendAsync(" and half"u8.ToArray(), Cancel);
        var whole = await waiting;
        Assert.Equal("half and half"u8.ToArray(), whole.Buffer.ToArray());
        reader.AdvanceTo(whole.Buffer.End);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public async Task Interruptions_at_any_moment_lose_nothing()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var (reader, interrupted) = (new LoopReader(pair.Near), 0);
        for (var i = 0; i < 2_000; i++)
        {
            var reading = reader.ReadAsync(Cancel).AsTask();
            await Task.WhenAll(Task.Run(async () => await pair.Far.SendAsync(new byte[] { (byte)i }, Cancel), Cancel), Task.Run(reader.CancelPendingRead, Cancel));
            var (seen, cancelled) = (0L, false);
            for (var read = await reading; ; read = await reader.ReadAsync(Cancel))
            {
                cancelled |= read.IsCanceled;
                if (read.Buffer.Length > 0) Assert.Equal((byte)i, read.Buffer.FirstSpan[0]);
                seen += read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (seen == 1 && cancelled) break;
            }
            interrupted++;
        }
        Assert.Equal(2_000, interrupted);
    }

    [Fact]
    public async Task An_interruption_is_heard_even_while_the_loop_looks_in_vain()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var reader = new LoopReader(pair.Near);
        for (var i = 0; i < 2_000; i++)
        {
            var reading = reader.ReadAsync(Cancel).AsTask();
            var looking = Task.Run(() =>
            {
                for (var look = 0; look < 20; look++) pair.Near.Happened(canRead: true, canWrite: false, hasEnded: false);
            }, Cancel);
            await Task.WhenAll(looking, Task.Run(reader.CancelPendingRead, Cancel));
            var read = await reading.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
            Assert.True(read is { IsCanceled: true, Buffer.IsEmpty: true });
            reader.AdvanceTo(read.Buffer.End);
        }
    }

    [Fact]
    public async Task A_flush_that_is_interrupted_is_gone_on_with_by_the_next_one()
    {
        using var pair = await LoopPair.ConnectAsync(loops, smallBuffers: true);
        var writer = new LoopWriter(pair.Far);
        var bytes = new byte[4 << 20];
        new Random(1).NextBytes(bytes);
        writer.Write(bytes);
        var flushing = writer.FlushAsync(Cancel).AsTask();
        Assert.False(flushing.IsCompleted);
        writer.CancelPendingFlush();
        Assert.True((await flushing).IsCanceled);
        using var stop = new CancellationTokenSource();
        var again = writer.FlushAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => again);
        var left = writer.FlushAsync(Cancel).AsTask();
        var read = new byte[bytes.Length];
        for (var at = 0; at < read.Length;) at += await pair.Near.ReceiveAsync(read.AsMemory(at), Cancel);
        Assert.False((await left).IsCanceled);
        Assert.True(read.AsSpan().SequenceEqual(bytes));
        Assert.Equal(0, writer.UnflushedBytes);
    }

    [Fact]
    public async Task One_flush_at_a_time_and_who_completes_during_one_is_not_held_up()
    {
        using var pair = await LoopPair.ConnectAsync(loops, smallBuffers: true);
        var writer = new LoopWriter(pair.Far);
        writer.Write(new byte[4 << 20]);
        var flushing = writer.FlushAsync(Cancel).AsTask();
        Assert.False(flushing.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.FlushAsync(Cancel));
        await writer.CompleteAsync();
        var (buffer, left) = (new byte[64 << 10], 4 << 20);
        while (left > 0) left -= await pair.Near.ReceiveAsync(buffer, Cancel);
        pair.Far.Dispose();
        Assert.Equal(0, await pair.Near.ReceiveAsync(buffer, Cancel));
    }

    [Fact]
    public async Task The_end_and_a_cut_are_told_as_the_server_knows_them()
    {
        using var ended = await LoopPair.ConnectAsync(loops);
        await ended.Far.SendAsync("last"u8.ToArray(), Cancel);
        ended.Far.Dispose();
        var reader = new LoopReader(ended.Near);
        var last = await reader.ReadAsync(Cancel);
        Assert.Equal(4, last.Buffer.Length);
        reader.AdvanceTo(last.Buffer.Start, last.Buffer.End);
        last = await reader.ReadAsync(Cancel);
        Assert.Equal((true, 4), (last.IsCompleted, last.Buffer.Length));
        using var cut = await LoopPair.ConnectAsync(loops);
        var reading = new LoopReader(cut.Near).ReadAsync(Cancel).AsTask();
        cut.Far.Close(isAbort: true);
        await Assert.ThrowsAsync<ConnectionResetException>(() => reading);
        var writer = new LoopWriter(cut.Near);
        for (var i = 0; i < 2; i++)
        {
            writer.Write("too late"u8);
            Assert.True((await writer.FlushAsync(Cancel)).IsCompleted);
            Assert.Equal(0, writer.UnflushedBytes);
        }
        using var closed = await LoopPair.ConnectAsync(loops);
        var waiting = new LoopReader(closed.Near).ReadAsync(Cancel).AsTask();
        closed.Near.Close(isAbort: true);
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => waiting);
    }
}
