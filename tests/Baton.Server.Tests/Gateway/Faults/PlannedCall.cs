using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>What goes wrong at a target.</summary>
internal enum TargetFault
{
    None, TooManyRequests, ServerError, CutBeforeTheAnswer, CutInTheMiddle, CutAfterUsage, UntoldUsage,
}

/// <summary>
/// One request, planned from a seed and its number, and what client and target saw of it. A token costs a micro-dollar, so tokens are money here. A stream is written in bursts, and the
/// next one only when the client has all of the last: what the network can give at once is one burst.
/// </summary>
internal sealed class PlannedCall
{
    /// <summary>Most tokens in one burst of a stream, and in one answer.</summary>
    public const int Burst = 4, MostTokens = 48;

    /// <summary>What a stream without a ceiling reserves at once, as the servers are told.</summary>
    public const int Uncapped = 8;

    /// <summary>The smallest number: prompts cannot be shorter.</summary>
    public const int First = 10;

    private readonly Channel<bool> taken = Channel.CreateUnbounded<bool>();
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TargetFault[] faults;
    private int attempts, said, told, received;

    public PlannedCall(int number, int seed)
    {
        var random = new Random((seed * 1_000_003) + number);
        Number = number;
        IsStream = random.Next(3) > 0;
        MaxTokens = IsStream && random.Next(2) == 0 ? null : random.Next(4, MostTokens + 1);
        // A stream that does not tell is counted by its events, of which there may be one more than tokens.
        Tokens = MaxTokens is not { } most ? random.Next(1, MostTokens) : random.Next(3) == 0 && !IsStream ? most : random.Next(1, most - 1);
        faults = [Draw(random), Draw(random)];
        CutAt = random.Next(0, Tokens);
        Delay = random.Next(6) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 20)) : TimeSpan.Zero;
        LeavesAfter = random.Next(16) switch { 0 => 0, 1 when IsStream => random.Next(1, Tokens + 1), _ => null };
    }

    private PlannedCall(int number, int tokens, bool isStream) => (Number, IsStream, MaxTokens, Tokens, faults) = (number, isStream, tokens, tokens, [TargetFault.None, TargetFault.None]);

    /// <summary>A call that nothing happens to, and that uses all it may.</summary>
    public static PlannedCall Plain(int number, int tokens, bool isStream = false) => new(number, tokens, isStream);

    /// <summary>As many tokens are in its prompt, told or estimated: so a record of usage names its call.</summary>
    public int Number { get; }

    public bool IsStream { get; }

    public int? MaxTokens { get; }

    /// <summary>Of the answer.</summary>
    public int Tokens { get; }

    /// <summary>After so many tokens a target that cuts in the middle does so.</summary>
    public int CutAt { get; }

    /// <summary>How long a target thinks.</summary>
    public TimeSpan Delay { get; }

    /// <summary>After so many tokens the client leaves, at 0 while the target thinks; null for a client that stays.</summary>
    public int? LeavesAfter { get; }

    /// <summary>The most that a budget can have been charged with for it until now, or keep for it.</summary>
    public int Held => MaxTokens is { } most ? most + 1 : Said + Uncapped;

    /// <summary>The least that a budget must be able to pay to let it begin.</summary>
    public int Least => MaxTokens ?? 1;

    /// <summary>Which life of which node answers it.</summary>
    public NodeLife? Life { get; set; }

    /// <summary>Tokens that a target has written, the frames of a stream's end among them.</summary>
    public int Said => Volatile.Read(ref said);

    /// <summary>What the target said that it used; 0 while it has not.</summary>
    public int Told => Volatile.Read(ref told);

    /// <summary>Tokens that the client has.</summary>
    public int Received => Volatile.Read(ref received);

    /// <summary>Whether the client has an answer in one piece, or the whole of a stream.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>When, on the clock of the clients, its money was surely settled; null for never.</summary>
    public int? SettledAt { get; set; }

    /// <summary>A target is there and thinks.</summary>
    public Task Asked => asked.Task;

    public string Body()
    {
        // Texts of 4 bytes for each token: 'user', 'm' and the content.
        var content = $"{Number} {string.Concat(Enumerable.Repeat("x ", 2 * Number))}"[..((4 * Number) - 5)];
        var body = new JsonObject { ["model"] = "m", ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content }) };
        if (MaxTokens is { } most) body["max_tokens"] = most;
        if (IsStream) body["stream"] = true;
        return body.ToJsonString();
    }

    /// <summary>A target is asked.</summary>
    /// <returns>What goes wrong there.</returns>
    public TargetFault Ask()
    {
        asked.TrySetResult();
        return faults[Math.Min(Interlocked.Increment(ref attempts), faults.Length) - 1];
    }

    /// <summary>A target is about to write so many tokens.</summary>
    public void Say(int tokens) => Interlocked.Add(ref said, tokens);

    /// <summary>A target is about to say what it used.</summary>
    public void Tell() => Volatile.Write(ref told, Tokens);

    /// <summary>The client has so many tokens more.</summary>
    public void Receive(int tokens)
    {
        Interlocked.Add(ref received, tokens);
        for (var i = 0; i < tokens; i++) taken.Writer.TryWrite(true);
    }

    /// <summary>Waits until the client has so many more.</summary>
    public async Task TakenAsync(int tokens, CancellationToken gone)
    {
        for (var i = 0; i < tokens; i++) await taken.Reader.ReadAsync(gone);
    }

    public override string ToString() =>
        $"call {Number} ({(IsStream ? "stream" : "whole")}, max_tokens {MaxTokens?.ToString() ?? "none"}, {Tokens} tokens, {string.Join(" and ", faults)}, leaves after {LeavesAfter?.ToString() ?? "none"}): said {Said}, told {Told}, received {Received}{(IsAnswered ? ", answered" : "")}";

    private static TargetFault Draw(Random random) => random.Next(2) == 0 ? TargetFault.None : (TargetFault)random.Next(1, 7);
}
