using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.Server.Tests.TestBed;

public sealed class CuttingProxyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_go_both_ways_until_it_cuts_and_again_after_it()
    {
        await using var echo = Echo();
        await using var proxy = new CuttingProxy(echo.Port);
        using var first = await ConnectAsync(proxy);
        Assert.Equal("one", await SayAsync(first, "one"));

        Assert.Equal(1, proxy.Cut());
        await Assert.ThrowsAsync<SocketException>(() => SayAsync(first, "two"));
        using var second = await ConnectAsync(proxy);

        Assert.Equal("three", await SayAsync(second, "three"));
        Assert.Equal((2, 1, 0), (proxy.Accepted, proxy.Cuts, proxy.Refused));
        Assert.Equal(2 * "onethree".Length, proxy.Forwarded);
    }

    [Fact]
    public async Task While_it_refuses_old_connections_live_and_new_ones_do_not()
    {
        await using var echo = Echo();
        await using var proxy = new CuttingProxy(echo.Port);
        using var old = await ConnectAsync(proxy);
        Assert.Equal("a", await SayAsync(old, "a"));

        proxy.Refuse();
        await Assert.ThrowsAsync<SocketException>(() => ConnectAndSayAsync(proxy, "b"));
        Assert.Equal("c", await SayAsync(old, "c"));
        proxy.Resume();

        Assert.Equal("d", await ConnectAndSayAsync(proxy, "d"));
        Assert.Equal(1, proxy.Refused);
    }

    [Fact]
    public async Task While_it_stalls_nothing_passes_and_afterwards_nothing_is_missing()
    {
        await using var echo = Echo();
        await using var proxy = new CuttingProxy(echo.Port);
        using var client = await ConnectAsync(proxy);
        Assert.Equal("a", await SayAsync(client, "a"));

        proxy.Stall();
        var answer = SayAsync(client, "held");
        using var other = await ConnectAsync(proxy);
        var second = SayAsync(other, "too");
        Assert.False(answer.IsCompleted || second.IsCompleted);
        proxy.Resume();

        Assert.Equal("held", await answer);
        Assert.Equal("too", await second);
        Assert.Equal(2, proxy.Open);
    }

    [Fact]
    public async Task It_cuts_in_the_middle_of_a_message_after_as_many_bytes_as_it_is_told()
    {
        await using var echo = Echo();
        await using var proxy = new CuttingProxy(echo.Port);
        using var client = await ConnectAsync(proxy);
        proxy.CutAfter(() => 10);
        Assert.Equal("four", await SayAsync(client, "four"));

        await Assert.ThrowsAsync<SocketException>(() => SayAsync(client, "four"));

        Assert.Equal((10, 1), (proxy.Forwarded, proxy.Cuts));
        proxy.CutAfter(null);
        Assert.Equal("for ever", await ConnectAndSayAsync(proxy, "for ever"));
    }

    [Fact]
    public async Task What_is_held_reaches_the_target_after_its_client_is_gone()
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = new RawServer(async connection =>
        {
            var text = new StringBuilder();
            while (await connection.ReadSomeAsync() is { Length: > 0 } bytes)
            {
                text.Append(Encoding.UTF8.GetString(bytes));
                await connection.WriteAsync(bytes);
            }
            heard.TrySetResult(text.ToString());
        });
        await using var proxy = new CuttingProxy(target.Port);
        using var client = await ConnectAsync(proxy);
        Assert.Equal("a", await SayAsync(client, "a"));

        proxy.Hold();
        var answer = SayAsync(client, "held");
        await Eventually.IsTrueAsync(() => proxy.Held >= "held".Length);
        proxy.LoseClients();
        await Assert.ThrowsAsync<SocketException>(() => answer);
        Assert.False(heard.Task.IsCompleted);
        proxy.Release();

        Assert.Equal("aheld", await heard.Task.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_target_that_is_not_there_is_a_refusal_and_another_can_take_its_place()
    {
        await using var echo = Echo();
        await using var proxy = new CuttingProxy(RawServer.ClosedPort());
        await Assert.ThrowsAsync<SocketException>(() => ConnectAndSayAsync(proxy, "a"));

        proxy.Target = echo.Port;

        Assert.Equal("b", await ConnectAndSayAsync(proxy, "b"));
    }

    private static RawServer Echo() => new(async connection =>
    {
        while (await connection.ReadSomeAsync() is { Length: > 0 } bytes) await connection.WriteAsync(bytes);
    });

    private static async Task<Socket> ConnectAsync(CuttingProxy proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port, Cancel);
        return socket;
    }

    private static async Task<string> ConnectAndSayAsync(CuttingProxy proxy, string text)
    {
        using var socket = await ConnectAsync(proxy);
        return await SayAsync(socket, text);
    }

    /// <summary>Sends a text and reads as much as went out.</summary>
    private static async Task<string> SayAsync(Socket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), SocketFlags.None, Cancel);
        var answer = new byte[text.Length];
        for (var read = 0; read < answer.Length;)
        {
            var count = await socket.ReceiveAsync(answer.AsMemory(read), SocketFlags.None, Cancel);
            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
            read += count;
        }
        return Encoding.UTF8.GetString(answer);
    }
}
