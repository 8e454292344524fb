using System.Globalization;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Answers calls of models that may share answers: from those that are kept, by listening to an identical call that is under way, or by asking. Thread-safe; in memory, of this node.
/// </summary>
internal sealed class AnswerCache(IOptions<GatewayOptions> options, QuestionEmbedder embedder, UsageLedger ledger, TimeProvider time, ILogger<AnswerCache> log)
{
    private readonly CacheOptions limits = options.Value.Cache;
    private readonly Lock gate = new();
    private readonly AnswerStore store = new(options.Value.Cache.MaxBytes);
    private readonly AskedQuestions questions = new(options.Value.Cache.MaxQuestions);
    private readonly Dictionary<CacheKey, SharedAnswer> underWay = [];

    /// <summary>What the kept answers take, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (gate) return store.Bytes;
        }
    }

    /// <summary>Calls under way that others may join, and how many listen to them.</summary>
    public (int Calls, int Listeners) UnderWay
    {
        get
        {
            SharedAnswer[] all;
            lock (gate) all = [.. underWay.Values];
            return (all.Length, all.Sum(shared => shared.Recording.Listeners));
        }
    }

    /// <summary>Whether a call has anything to do with the cache: its model's answers may be kept, or it says something about that.</summary>
    public static bool Concerns(GatewayCall call, ModelRoute route) => route.Options.Cache is not null || call.RequestHeaders.ContainsKey(CacheHeaders.Cache);

    /// <summary>Answers a call that is concerned.</summary>
    /// <param name="ask">Asks the model's targets; may go on after the call itself has ended.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task AnswerAsync(GatewayCall call, ModelRoute route, ReadOnlyMemory<byte> body, Func<GatewayCall, Task> ask)
    {
        if (Wish(call.RequestHeaders) is not { } wish)
        {
            await call.RefuseAsync(GatewayError.Invalid($"The header {CacheHeaders.Cache} must be bypass, refresh or only-if-cached.", CacheHeaders.Cache));
            return;
        }
        var settings = route.Chain.Any(static one => one.HasConditions) ? null : route.Options.Cache;   // what one may be told is not for everybody
        var request = settings is null || wish == CacheWish.Bypass ? null : CanonicalRequest.Read(call.Surface, body);
        if (settings is null || request is null || (!request.IsDeterministic && settings.Requests != "all"))
        {
            if (wish == CacheWish.OnlyIfCached) await call.RefuseAsync(NotKept());
            else await BypassAsync(call, ask);
            return;
        }
        var lookup = new Lookup(CacheKey.Of(call.Origin.Tenant, call.Surface, route, call.RequestHeaders, request.Bytes.Span), settings, wish, call, route, body, ask);
        while (!await TryAnswerAsync(lookup))
        {
        }
    }

    /// <summary>What the call asks, where answers to questions that are alike are given; null also for one that is to be asked anew whatever there is.</summary>
    private async Task<Meaning?> AskForMeaningAsync(Lookup lookup, GatewayCall asked)
    {
        if (lookup.Settings.Similar is not { } similar || lookup.Wish == CacheWish.Refresh || Question.Read(asked.Surface, lookup.Body) is not { } question) return null;
        return await embedder.AskAsync(asked, similar, question.Text) is { } vector ? new Meaning(CacheKey.Of(asked.Origin.Tenant, asked.Surface, lookup.Route, asked.RequestHeaders, question.Rest.Span), vector) : null;
    }

    private (CachedAnswer Kept, double Similarity)? FindAlike(Meaning meaning, ModelCacheOptions settings)
    {
        foreach (var (answer, similarity) in questions.Find(meaning.About, meaning.Vector, settings.Similar!.Threshold))
        {
            lock (gate)
            {
                if (store.Find(answer) is { } kept && IsFresh(kept, settings)) return (kept, similarity);
            }
        }
        return null;
    }

    private static async Task BypassAsync(GatewayCall call, Func<GatewayCall, Task> ask)
    {
        call.Answer.Headers[CacheHeaders.Cache] = "bypass";
        await ask(call);
    }

    /// <returns>False when the call that was found could not be joined: it is no longer to be found.</returns>
    private async Task<bool> TryAnswerAsync(Lookup lookup)
    {
        var (kept, found) = Find(lookup, mine: null);
        if (kept is not null && IsFresh(kept, lookup.Settings))
        {
            await ReplayAsync(lookup.Call, kept, "hit");
            return true;
        }
        if (found is null && lookup.Wish == CacheWish.OnlyIfCached)
        {
            await lookup.Call.RefuseAsync(NotKept());
            return true;
        }
        if (found is not null) return await TryJoinAsync(lookup, found, kept);

        var mine = new SharedAnswer(limits.MaxAnswerBytes, ledger, log);
        var listener = mine.Recording.Listen()!;   // before others know of it: they may come and go
        (kept, found) = Find(lookup, mine);
        if (kept is not null && IsFresh(kept, lookup.Settings))
        {
            await ReplayAsync(lookup.Call, kept, "hit");
            return true;
        }
        if (found != mine) return await TryJoinAsync(lookup, found!, kept);
        var (meaning, isAlike) = ((Meaning?)null, false);
        mine.Start(lookup.Call, AskAsync, (shared, isWhole) => End(lookup, shared, isWhole && !isAlike, meaning));
        return await TryListenAsync(lookup.Call, mine, listener, kept, "miss");

        async Task AskAsync(GatewayCall asked)
        {
            try
            {
                meaning = await AskForMeaningAsync(lookup, asked);
                isAlike = meaning is not null && await TryGiveAlikeAsync(asked, meaning, lookup.Settings);
                if (!isAlike) await lookup.Ask(asked);
            }
            finally
            {
                if (kept is not null && HasFailed(mine.Recording) && !asked.Cancel.IsCancellationRequested)   // what came of the call is the kept answer
                {
                    asked.Account.Begin(kept.Status);
                    asked.Account.Outcome = CallOutcome.Cached;
                }
            }
        }
    }

    private async Task<bool> TryGiveAlikeAsync(GatewayCall asked, Meaning meaning, ModelCacheOptions settings)
    {
        if (FindAlike(meaning, settings) is not var (kept, similarity)) return false;
        asked.Answer.Headers[CacheHeaders.Similarity] = similarity.ToString("0.####", CultureInfo.InvariantCulture);
        await ReplayAsync(asked, kept, "hit");
        return true;
    }

    private async Task<bool> TryJoinAsync(Lookup lookup, SharedAnswer shared, CachedAnswer? stale)
    {
        if (!shared.IsCutShortFor(lookup.Call) && shared.Recording.Listen() is { } listener && await TryListenAsync(lookup.Call, shared, listener, stale, "coalesced")) return true;
        lock (gate) Forget(lookup.Key, shared);   // everybody has left it, or its start is gone, or it is decided by another's money
        return false;
    }

    /// <returns>False when the answer turns out to be decided by money that is not this call's: it has heard nothing of it, and asks for itself.</returns>
    private async Task<bool> TryListenAsync(GatewayCall call, SharedAnswer shared, AnswerListener listener, CachedAnswer? stale, string how)
    {
        try
        {
            var since = time.GetTimestamp();
            await shared.Recording.BegunAsync(call.Cancel);
            if (how == "miss") call.TakeOver(shared.Asked!);
            else
            {
                call.Waited(since);
                if (shared.IsCutShortFor(call) || shared.LacksMoneyOfItsOwn(call)) return false;
            }
            if (stale is not null && HasFailed(shared.Recording))
            {
                await ReplayAsync(call, stale, "stale");
                return true;
            }
            call.Answer.Headers[CacheHeaders.Cache] = how;
            await AnswerDelivery.FollowAsync(call, shared, listener);
            return true;
        }
        finally
        {
            await shared.LeaveAsync(listener);
        }
    }

    private Task ReplayAsync(GatewayCall call, CachedAnswer answer, string how)
    {
        call.Answer.Headers[CacheHeaders.Cache] = how;
        call.Account.Outcome = CallOutcome.Cached;
        return AnswerDelivery.ReplayAsync(call, answer, time.GetElapsedTime(answer.KeptAt));
    }

    /// <summary>What is there for a request: an answer, fresh or as a last resort, and where it is not fresh, a call to join.</summary>
    /// <param name="mine">A call that is about to begin, for others to join unless there is one already; null only to look.</param>
    private (CachedAnswer? Kept, SharedAnswer? UnderWay) Find(Lookup lookup, SharedAnswer? mine)
    {
        lock (gate)
        {
            var kept = lookup.Wish == CacheWish.Refresh ? null : store.Find(lookup.Key);
            if (kept is not null && time.GetElapsedTime(kept.KeptAt) >= lookup.Settings.Ttl + lookup.Settings.StaleIfError)
            {
                store.Remove(lookup.Key);
                kept = null;
            }
            if (kept is not null && IsFresh(kept, lookup.Settings)) return (kept, null);
            if (!lookup.Settings.Coalesce) return (kept, mine);
            if (lookup.Wish != CacheWish.Refresh && underWay.TryGetValue(lookup.Key, out var found)) return (kept, found);
            if (mine is not null) underWay[lookup.Key] = mine;
            return (kept, mine);
        }
    }

    private void End(Lookup lookup, SharedAnswer shared, bool isWhole, Meaning? meaning)
    {
        var answer = isWhole && !shared.IsCutShort && lookup.Settings.Ttl > TimeSpan.Zero ? CachedAnswer.Of(shared.Recording, time.GetTimestamp()) : null;
        lock (gate)
        {
            var isLatest = !lookup.Settings.Coalesce || underWay.GetValueOrDefault(lookup.Key) == shared;   // one that was asked anew since then counts, and not this
            if (answer is not null && isLatest && answer.BodyBytes <= limits.MaxAnswerBytes) store.Put(lookup.Key, answer);
            Forget(lookup.Key, shared);
        }
        if (answer is not null && meaning is not null) questions.Add(meaning.About, meaning.Vector, lookup.Key);
    }

    private void Forget(CacheKey key, SharedAnswer shared)
    {
        if (underWay.GetValueOrDefault(key) == shared) underWay.Remove(key);
    }

    private bool IsFresh(CachedAnswer answer, ModelCacheOptions settings) => time.GetElapsedTime(answer.KeptAt) < settings.Ttl;

    /// <summary>Whether no target could answer, for reasons that are not the request's.</summary>
    private static bool HasFailed(AnswerRecording recording) => !recording.HasBegun || recording.Status is 408 or 429 or >= 500;

    /// <summary>No status that SDKs take for a reason to ask again.</summary>
    private static GatewayError NotKept() => new(412, "invalid_request_error", "not_cached", $"There is no kept answer to this request, and {CacheHeaders.Cache}: only-if-cached asks for no other.");

    /// <returns>Null for something else.</returns>
    private static CacheWish? Wish(IHeaderDictionary headers) => headers[CacheHeaders.Cache].ToString().ToLowerInvariant() switch
    {
        "" => CacheWish.Any,
        "bypass" => CacheWish.Bypass,
        "refresh" => CacheWish.Refresh,
        "only-if-cached" => CacheWish.OnlyIfCached,
        _ => null,
    };

    private sealed record Lookup(CacheKey Key, ModelCacheOptions Settings, CacheWish Wish, GatewayCall Call, ModelRoute Route, ReadOnlyMemory<byte> Body, Func<GatewayCall, Task> Ask);

    /// <param name="About">The key of all but the question.</param>
    /// <param name="Vector">The embedding of the question.</param>
    private sealed record Meaning(CacheKey About, float[] Vector);
}

/// <summary>What a request asks of the cache.</summary>
internal enum CacheWish
{
    Any,

    /// <summary>Neither given from it nor kept in it, nor shared with others.</summary>
    Bypass,

    /// <summary>Asked anew, and kept in place of what was.</summary>
    Refresh,

    /// <summary>Given from it, or by a call that is under way; else refused.</summary>
    OnlyIfCached,
}
