using System.Net;
using System.Net.Sockets;
using Baton.Server.Sockets;

namespace Baton.Server.Tests.Sockets;

public sealed class LoopSocketTests : IDisposable
{
    private readonly EventLoops loops = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => loops.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2_000)]
    public async Task What_is_sent_arrives_whole_and_in_order_both_ways_at_once_however_it_is_cut_and_however_long_a_loop_polls_before_it_sleeps(int ticks)
    {
        using var polling = new EventLoops(TimeSpan.FromTicks(ticks));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async seed =>
        {
            using var pair = await LoopPair.ConnectAsync(polling, smallBuffers: seed % 2 == 0);
            await Task.WhenAll(SendAsync(pair.Near, seed), SendAsync(pair.Far, seed + 100), ReceiveAsync(pair.Far, seed), ReceiveAsync(pair.Near, seed + 100));
        }));

        static async Task SendAsync(LoopSocket to, int seed)
        {
            var (random, bytes) = (new Random(seed), Bytes(seed));
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - at, random.Next(10) == 0 ? random.Next(1, 100_000) : random.Next(1, 2_000));
                Assert.Equal(length, await to.SendAsync(bytes.AsMemory(at, length), Cancel));
                at += length;
                if (random.Next(20) == 0) await Task.Yield();
            }
        }

        static async Task ReceiveAsync(LoopSocket from, int seed)
        {
            var (random, bytes) = (new Random(-seed), Bytes(seed));
            var buffer = new byte[50_000];
            for (var at = 0; at < bytes.Length;)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory(0, random.Next(1, random.Next(10) == 0 ? buffer.Length : 2_000)), Cancel);
                Assert.InRange(read, 1, bytes.Length - at);
                Assert.True(buffer.AsSpan(0, read).SequenceEqual(bytes.AsSpan(at, read)));
                at += read;
                if (random.Next(20) == 0) await Task.Yield();
            }
        }

        static byte[] Bytes(int seed)
        {
            var bytes = new byte[300_000 + seed];
            new Random(seed).NextBytes(bytes);
            return bytes;
        }
    }

    [Fact]
    public async Task What_could_go_on_for_ever_lets_others_on_its_loop_have_their_turn()
    {
        const int Bytes = 20_000;
        var (busy, other) = (await OnOneLoopAsync(), await OnOneLoopAsync());
        using (busy)
        using (other)
        {
            var (taken, takenBefore) = (0, new TaskCompletionSource<int>());
            var hearing = HearAsync();
            var pumping = PumpAsync();
            await busy.Far.SendAsync(new byte[Bytes], Cancel);
            Assert.InRange(await takenBefore.Task, 1, Bytes / 10);
            await Task.WhenAll(hearing, pumping);

            async Task PumpAsync()
            {
                var one = new byte[1];
                while (taken < Bytes)
                {
                    Assert.Equal(1, await busy.Near.ReceiveAsync(one, Cancel).ConfigureAwait(false));   // goes on on the loop
                    if (++taken == 1) await other.Far.SendAsync("x"u8.ToArray(), Cancel).ConfigureAwait(false);
                }
            }

            async Task HearAsync()
            {
                Assert.Equal(1, await other.Near.ReceiveAsync(new byte[1], Cancel).ConfigureAwait(false));
                takenBefore.SetResult(taken);
            }
        }
    }

    [Fact]
    public async Task A_transfer_whose_turn_is_over_can_be_given_up_and_nothing_is_lost()
    {
        const int Bytes = 100_000;
        using var pair = await LoopPair.ConnectAsync(loops);
        var sending = pair.Far.SendAsync(Enumerable.Range(0, Bytes).Select(static at => (byte)(at % 251)).ToArray(), Cancel).AsTask();
        var (one, random, taken) = (new byte[1], new Random(1), 0);
        while (taken < Bytes)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMicroseconds(random.Next(2_000)));
            try
            {
                await TakeAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                // And on.
            }
        }
        await sending;

        async Task TakeAsync(CancellationToken cancel)
        {
            for (; taken < Bytes; taken++)
            {
                Assert.Equal(1, await pair.Near.ReceiveAsync(one, cancel).ConfigureAwait(false));
                Assert.Equal((byte)(taken % 251), one[0]);
            }
        }
    }

    [Fact]
    public async Task Whether_something_lies_there_is_known_of_what_came_and_of_the_end()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        await pair.Far.SendAsync(new byte[3], Cancel);
        Assert.Equal(3, await pair.Near.ReceiveAsync(new byte[4], Cancel));
        Assert.False(pair.Near.IsReadable());
        await pair.Far.SendAsync(new byte[1], Cancel);
        await Eventually.IsTrueAsync(pair.Near.IsReadable);
        Assert.Equal(1, await pair.Near.ReceiveAsync(new byte[4], Cancel));
        Assert.False(pair.Near.IsReadable());
        pair.Far.Dispose();
        await Eventually.IsTrueAsync(pair.Near.IsReadable);
    }

    /// <summary>A pair whose near side shares its loop with that of every other such pair.</summary>
    private async Task<LoopPair> OnOneLoopAsync()
    {
        var pair = await LoopPair.ConnectAsync(loops);
        for (var taken = 2; taken % Environment.ProcessorCount != 0; taken++) loops.Next();   // the next pair begins with the same loop
        return pair;
    }

    [Fact]
    public async Task A_wait_that_is_given_up_loses_nothing_at_whatever_moment_that_is()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var (buffer, given) = (new byte[16], 0);
        for (var i = 0; i < 2_000; i++)
        {
            using var stop = new CancellationTokenSource();
            var receiving = pair.Near.ReceiveAsync(buffer, stop.Token).AsTask();
            await Task.WhenAll(Task.Run(async () => await pair.Far.SendAsync(new byte[] { (byte)i }, Cancel), Cancel), Task.Run(stop.Cancel, Cancel));
            int read;
            try
            {
                read = await receiving;
            }
            catch (OperationCanceledException e)
            {
                Assert.Equal(stop.Token, e.CancellationToken);
                given++;
                read = await pair.Near.ReceiveAsync(buffer, Cancel);
            }
            Assert.Equal((1, (byte)i), (read, buffer[0]));
        }
        Assert.InRange(given, 1, 2_000);
    }

    [Fact]
    public async Task A_buffer_that_cannot_be_had_fails_its_reader_and_nobody_else()
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var first = pair.Near.ReceiveAsync(new byte[8], Cancel).AsTask();   // waits, so that the event is not one that comes behind the read
        await pair.Far.SendAsync("first"u8.ToArray(), Cancel);
        Assert.Equal(5, await first);   // from here on it is known to have nothing
        var receiving = pair.Near.ReceiveAsync(static () => throw new InvalidOperationException("None left."), Cancel).AsTask();
        Assert.False(receiving.IsCompleted);
        await pair.Far.SendAsync("here"u8.ToArray(), Cancel);
        Assert.Equal("None left.", (await Assert.ThrowsAsync<InvalidOperationException>(() => receiving)).Message);
        Assert.Equal(4, await pair.Near.ReceiveAsync(new byte[8], Cancel));
        using var other = await LoopPair.ConnectAsync(loops);
        await other.Far.SendAsync("too"u8.ToArray(), Cancel);
        Assert.Equal(3, await other.Near.ReceiveAsync(new byte[8], Cancel));
    }

    [Fact]
    public async Task Who_sends_waits_for_who_reads()
    {
        using var pair = await LoopPair.ConnectAsync(loops, smallBuffers: true);
        var sending = pair.Far.SendAsync(new byte[8 << 20], Cancel).AsTask();
        Assert.False(sending.IsCompleted);
        var (buffer, left) = (new byte[64 << 10], 8 << 20);
        while (left > 0) left -= await pair.Near.ReceiveAsync(buffer, Cancel);
        Assert.Equal(8 << 20, await sending);
    }

    [Fact]
    public async Task Whoever_waits_hears_when_it_is_closed_here()
    {
        using var pair = await LoopPair.ConnectAsync(loops, smallBuffers: true);
        var (receiving, sending) = (pair.Far.ReceiveAsync(new byte[1], Cancel).AsTask(), pair.Far.SendAsync(new byte[8 << 20], Cancel).AsTask());
        pair.Far.Dispose();
        foreach (var waiting in new[] { receiving, sending }) Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(() => waiting)).SocketErrorCode);
        Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(async () => await pair.Far.ReceiveAsync(new byte[1], Cancel))).SocketErrorCode);
    }

    [Fact]
    public async Task The_end_of_the_other_side_is_told_while_nobody_reads_and_what_came_before_is_there_still()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var pair = await LoopPair.ConnectAsync(loops, ended.SetResult);
        await pair.Near.SendAsync("bye"u8.ToArray(), Cancel);
        pair.NearSocket.Shutdown(SocketShutdown.Send);
        await ended.Task.WaitAsync(Cancel);
        var buffer = new byte[2];
        foreach (var expected in new[] { 2, 1, 0, 0 }) Assert.Equal(expected, await pair.Far.ReceiveAsync(buffer, Cancel));
        await pair.Far.SendAsync("still here"u8.ToArray(), Cancel);
        Assert.Equal(10, await pair.Near.ReceiveAsync(new byte[100], Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_other_side_can_tell_a_cut_from_an_end(bool isCut)
    {
        using var pair = await LoopPair.ConnectAsync(loops);
        var receiving = pair.Near.ReceiveAsync(new byte[1], Cancel).AsTask();
        pair.Far.Close(isCut);
        if (isCut) Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => receiving)).SocketErrorCode);
        else Assert.Equal(0, await receiving);
    }

    [Fact]
    public async Task Where_nobody_listens_the_connection_is_refused_and_where_nobody_answers_it_can_be_given_up()
    {
        var listener = LoopPair.Listen();
        var nobody = listener.LocalEndPoint!;
        listener.Dispose();
        using var refused = New();
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(async () => await refused.ConnectAsync(nobody, Cancel))).SocketErrorCode);
        using var stop = new CancellationTokenSource();
        using var silent = New();
        var connecting = silent.ConnectAsync(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 9), stop.Token).AsTask();   // kept for documents (RFC 5737)
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => connecting);   // or there is no way to it, where there is no net

        LoopSocket New() => new(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), loops.Next());
    }

    [Fact]
    public async Task Descriptors_that_are_used_again_bring_no_one_what_was_another_s()
    {
        var told = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var isOver = false;
                using var pair = await LoopPair.ConnectAsync(loops, () =>
                {
                    Assert.True(Volatile.Read(ref isOver));
                    Interlocked.Increment(ref told);
                });
                var sent = BitConverter.GetBytes((worker * 1_000) + i);
                var buffer = new byte[4];
                var receiving = pair.Far.ReceiveAsync(buffer, Cancel);
                await pair.Near.SendAsync(sent, Cancel);
                Assert.Equal(4, await receiving);
                Assert.Equal(sent, buffer);
                Volatile.Write(ref isOver, true);
                pair.Near.Close(isAbort: i % 3 == 0);
            }
        }, Cancel)));
        Assert.InRange(told, 0, 1_600);
    }
}
