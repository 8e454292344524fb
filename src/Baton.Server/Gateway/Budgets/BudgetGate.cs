using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Lets a call to its targets once what it may cost is kept for it in every budget that it counts in. Reads nothing but memory, unless the slices at hand are used up.</summary>
internal sealed class BudgetGate(BudgetLedger ledger, PriceTable prices, IOptions<BudgetOptions> options, TimeProvider time, ILogger<BudgetGate> log)
{
    private readonly BudgetOptions settings = options.Value;

    /// <summary>Refuses the call, or gives it what it may spend.</summary>
    /// <param name="asks">What the first route's targets are asked.</param>
    /// <returns>Whether it may be asked; then it has its <see cref="GatewayCall.Spending"/>, where any budget counts it, and that has to be ended.</returns>
    public async ValueTask<bool> AdmitAsync(GatewayCall call, ModelRoute route, RequestPeek asks)
    {
        var (tenant, team, key) = (call.Origin.Tenant, call.Origin.Team, call.Origin.Caller);
        if (call.Surface == Surface.CountTokens || !ledger.Counts(tenant, team, key, route.Name)) return true;
        var ceiling = Ceiling(call, route, asks);
        if (ceiling.Dearest == ModelPrice.None) return true;
        var canClamp = settings.ClampMaxTokens && call.Surface.MaxTokensField is not null;
        // A stream can be ended once its money is used up, and a ceiling can be lowered: then the first token of each answer is enough to begin with.
        var least = ceiling.Cost(asks.IsStream && !ceiling.IsCapped || canClamp ? asks.Written : ceiling.Tokens);
        var wished = ceiling.Cost(ceiling.Tokens);
        switch (await ledger.AdmitAsync(tenant, team, key, route.Name, Math.Min(least, wished), wished, call.Cancel))
        {
            case BudgetAdmission.Admitted { Reservation: { } reservation }:
                call.Spending = new CallSpending(reservation, prices, ceiling, call.Account);
                if (canClamp && reservation.Amount < wished) call.Spending.Affordable = Math.Max(1, ceiling.TokensFor(reservation.Amount) / asks.Written);   // each answer may have so many
                return true;
            case BudgetAdmission.Refused refused:
                log.BudgetRefused(call.Id, refused.Budget.Name, refused.Left);
                if (refused.IsForGood) call.Answer.Headers["x-should-retry"] = "false";   // the providers' SDKs look at it
                await call.RefuseAsync(BudgetErrors.Refused(refused, call.Surface.Dialect, time.GetUtcNow()), refused.Budget);
                return false;
            case BudgetAdmission.Unknown unknown:
                await call.RefuseAsync(BudgetErrors.Unknown(unknown.Budget), unknown.Budget);
                return false;
            default:
                return true;
        }
    }

    /// <summary>What the call costs at most: at the dearest of all targets that may be asked, for as many tokens as it may get.</summary>
    private CallCeiling Ceiling(GatewayCall call, ModelRoute first, RequestPeek asks)
    {
        var hasOutput = call.Surface.MaxTokensField is not null;
        var isCapped = !hasOutput || asks.MaxTokens is not null || first.Chain.All(static route => route.Options.MaxOutputTokens is not null);
        var (dearest, tokens) = (ModelPrice.None, 0L);
        foreach (var route in first.Chain)
        {
            var most = route.Options.MaxOutputTokens is { } own ? Math.Min(asks.MaxTokens ?? own, own) : asks.MaxTokens ?? settings.UncappedTokens;
            if (hasOutput) tokens = Math.Max(tokens, Math.Clamp(most, 0, CallCeiling.MostTokens));   // times the choices it is still a number
            foreach (var target in route.Targets)
            {
                if (target.SurfaceFor(call.Surface) is null) continue;
                var price = prices.Of(target);
                dearest = new ModelPrice(Math.Max(dearest.Input, Math.Max(price.Input, Math.Max(price.CachedInput, price.CacheWriteInput))), 0, 0, Math.Max(dearest.Output, price.Output), Math.Max(dearest.GpuSecond, price.GpuSecond));
            }
        }
        return new CallCeiling(dearest, call.Account.PromptTokens, tokens * asks.Written, isCapped);
    }
}

/// <summary>What a call may cost.</summary>
/// <param name="Dearest">Of the targets that may be asked.</param>
/// <param name="Prompt">Tokens of the prompt, estimated.</param>
/// <param name="Tokens">Most tokens of the answers, or the first of them.</param>
/// <param name="IsCapped">Whether the target is told that there may not be more.</param>
internal sealed record CallCeiling(ModelPrice Dearest, long Prompt, long Tokens, bool IsCapped)
{
    /// <summary>A token's estimate may be off, and frames of a stream are taken for tokens: so many more are no sign that a target does not keep to what it was told.</summary>
    private const int Frames = 16;

    /// <summary>More than any answer has.</summary>
    public const long MostTokens = 1_000_000_000;

    /// <summary>What so many tokens of answers and the prompt cost. At least a micro-dollar, also where seconds alone have a price or nothing is counted: else such calls would pass when all is spent.</summary>
    public long Cost(long tokens) => Math.Max(1, Dearest.Cost(TokenUsage.Within(Prompt, 0, Math.Min(tokens, MostTokens), 0), TimeSpan.Zero));

    /// <summary>How many tokens an amount pays for, at least 1.</summary>
    public int TokensFor(long amount)
    {
        if (Dearest.Output == 0) return int.MaxValue;
        var left = ((Int128)amount * 1_000_000) - ((Int128)Prompt * Dearest.Input);
        return (int)Int128.Clamp(left / Dearest.Output, 1, int.MaxValue);
    }

    /// <summary>Whether an estimate of tokens is within what the target was told.</summary>
    public bool Explains(long tokens) => IsCapped && tokens <= Tokens + (Tokens / 8) + Frames;
}
