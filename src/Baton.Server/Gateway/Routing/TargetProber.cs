using Baton.Engine;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Asks, beside the requests: targets that are left alone, whether they answer again, so that no request has to find it out; and engines that a target names, how they are, as long as their model is in use.
/// When all are well and nobody asks, nothing is sent.
/// </summary>
internal sealed class TargetProber(RouteTable routes, OutboundClient client, IOptions<GatewayOptions> options, TimeProvider time, ILogger<TargetProber> log) : BackgroundService
{
    /// <summary>As much of an engine's answer is read.</summary>
    private const int MostBytes = 2 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>For so long after its last request a model is in use.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(5);

    private readonly TimeSpan interval = options.Value.ProbeInterval;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (interval == TimeSpan.Zero) return;
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)   // the edge of a background loop: the next pass may fare better
                {
                    log.ProbesFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    /// <summary>One pass over all targets; those that have to be asked are asked at once.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        List<Task>? asked = null;
        foreach (var route in routes.Current.All)
        {
            var isInUse = IsInUse(route);
            foreach (var target in route.Targets)
            {
                if (target.Health.Standing is Standing.Trial or Standing.Open) (asked ??= []).Add(ProbeAsync(route, target, cancel));
                else if (isInUse && target.Options.Engine is { } engine) (asked ??= []).Add(ReadEngineAsync(target, engine, cancel));
            }
        }
        if (asked is not null) await Task.WhenAll(asked);
    }

    private static bool IsInUse(ModelRoute route)
    {
        foreach (var target in route.Targets)
        {
            if (target.Health.UnderWay > 0 || target.Health.SinceBegun < InUse) return true;
        }
        return false;
    }

    /// <summary>
    /// Asks for the list of models, which costs no tokens. A target that could not be reached may come back before its pause is over: that it answers is news. One that has answered with errors
    /// waits for the end of its pause, as its list of models tells little of how it answers questions.
    /// </summary>
    private async Task ProbeAsync(ModelRoute route, ModelTarget target, CancellationToken cancel)
    {
        var health = target.Health;
        var isTrial = health.Standing == Standing.Trial;
        if (health.UnderWay > 0 || (!isTrial && health.LastFailure is not ("connectivity" or "timeout"))) return;
        var era = health.Era;
        var problem = await ProblemAsync(target, cancel);
        if (problem is null)
        {
            health.Probed();
            log.TargetIsBack(route.Name, target.Name);
        }
        else if (isTrial)
        {
            health.Failed(problem, era);
        }
    }

    /// <returns>Null when it answers; whatever it says but that it is broken, or that it does not know the key. A key may be good for questions alone.</returns>
    private async Task<string?> ProblemAsync(ModelTarget target, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            using var response = await AskAsync(target, target.Below("/models"), any.Token);
            return response.Status is 401 or 408 or >= 500 ? CallErrors.Name(response.Status) : null;
        }
        catch (WorkflowException e)
        {
            return e.Class.ToName();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "timeout";
        }
    }

    private async Task ReadEngineAsync(ModelTarget target, string engine, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            using var response = await AskAsync(target, target.AtRoot(EngineReports.PathOf(engine)), any.Token);
            if (!response.IsSuccess) return;
            var said = new byte[64 << 10];
            var length = 0;
            for (int read; length < MostBytes && (read = await response.ReadAsync(said.AsMemory(length), any.Token)) > 0;)
            {
                length += read;
                if (length == said.Length) Array.Resize(ref said, 2 * length);
            }
            if (EngineReports.Read(engine, said.AsSpan(0, length), target.Model) is { } report) target.Health.Tells(report, 3 * interval);
        }
        catch (Exception e) when (e is WorkflowException or HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // What it last told grows old, and its requests alone count then.
        }
    }

    private async Task<ForwardedAnswer> AskAsync(ModelTarget target, Uri address, CancellationToken cancel)
    {
        var message = new ForwardMessage("GET", address);
        if (target.Dialect == Dialect.Anthropic) message.Set(ForwardedHeaders.AnthropicVersion, ForwardedHeaders.OldestVersion);
        foreach (var (name, value) in target.Options.Headers) message.Set(name, value);
        if (ApiKey.Get(target) is { } key) message.Set(target.KeyHeader, target.Credential(key));
        return await client.ForwardAsync(message, $"Target '{target.Name}'", target.IsConfigured, cancel);
    }
}
