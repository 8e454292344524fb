using System.Globalization;
using Baton.Client;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>Says who would be asked with a request, and why: by the rules that forward it, with nothing asked and nothing changed.</summary>
internal sealed class RouteExplainer(RouteTable table)
{
    /// <param name="caller">Who sends it.</param>
    /// <param name="wanted">The model that the request names; null for none.</param>
    /// <param name="headers">Those of the request.</param>
    /// <param name="body">As it would be sent.</param>
    public RouteExplanation Explain(Caller caller, Surface surface, string? wanted, IHeaderDictionary headers, ReadOnlySpan<byte> body)
    {
        var routes = table.Current;
        var model = wanted is { Length: > 0 } ? wanted : routes.DefaultModel;
        var place = $"/v1{surface.Path}";
        if (caller.Key is { } key && !key.Allows(model)) return Without(model, Refused(Forwarder.NotAllowed(key, model)));
        if (ModelCaller.BuiltIns.FirstOrDefault(name => name.Equals(model, StringComparison.OrdinalIgnoreCase)) is { } builtIn)
        {
            return Without(builtIn, BuiltInCompletions.Refuse(surface, model) is { } refusal ? Refused(refusal) : "A built-in model: this server answers itself.");
        }
        if (routes.Find(caller.Tenant, model) is not { } first) return Without(model, Refused(Forwarder.Unknown(model, caller.Key, routes.For(caller.Tenant))));
        var facts = RoutingFacts.Of(headers, caller.Name, first, body);
        var asked = new List<CandidateView>();
        var passed = new List<CandidateView>();
        foreach (var route in first.Chain)
        {
            var order = route.Preview(surface, facts).ToList();
            foreach (var target in order) asked.Add(View(asked.Count + 1, first, route, target, WhyAsked(route, target, order, asked.Count, facts)));
            foreach (var target in route.Targets.Except(order)) passed.Add(View(null, first, route, target, WhyNot(first, target, surface, facts)));
        }
        return new RouteExplanation(first.Name, place, asked.Count == 0 ? null : $"{asked[0].Route}/{asked[0].Target.Name}", Outcome(first, asked, surface, facts), [.. asked, .. passed]);

        RouteExplanation Without(string name, string outcome) => new(name, place, null, outcome, []);
    }

    private static string Outcome(ModelRoute first, List<CandidateView> asked, Surface surface, RoutingFacts facts)
    {
        var missing = first.Chain.SelectMany(route => route.Options.Fallbacks).Where(name => !first.Chain.Any(route => route.Name.Equals(name, StringComparison.OrdinalIgnoreCase))).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var note = missing.Count == 0 ? "" : $" Of its stand-ins there is no {string.Join(", ", missing)}.";
        if (asked.Count > 0) return $"{asked[0].Route}/{asked[0].Target.Name} is asked first{(asked.Count == 1 ? ", and no other" : $"; {asked.Count - 1} would follow")}.{note}";
        return $"{(RouteCaller.IsEstimated(surface, first) ? "No target counts tokens: this server answers itself, with an estimate." : Refused(RouteCaller.NoneToAsk(surface, first, facts)))}{note}";
    }

    /// <summary>In the words that the request itself would be refused with.</summary>
    private static string Refused(GatewayError error) => $"The answer is {error.Status} ({error.Code}): {error.Message}";

    private static CandidateView View(int? at, ModelRoute first, ModelRoute route, ModelTarget target, string reason) => new(at, route.Name, route != first, route.Options.Strategy, reason, RouteViews.Of(target));

    private static string WhyAsked(ModelRoute route, ModelTarget target, List<ModelTarget> order, int before, RoutingFacts facts)
    {
        var health = target.Health;
        if (health.State == BreakerState.HalfOpen) return $"After all that are well: it failed repeatedly ({health.LastFailure}), and one request may find out whether it is well again.";
        if (health.IsCooling) return "After all that are well: it has asked to be left alone for now (429).";
        var turn = order.IndexOf(target);
        var share = string.Create(CultureInfo.InvariantCulture, $"{(health.Load + 1) / target.Options.Weight:0.###}");
        var why = order.Count == 1 ? "The only one of its model that may be asked." : route.Options.Strategy switch
        {
            "priority" => $"By its place among the targets of its model: {turn + 1}.",
            "random" => "By chance: this is one draw of it.",
            "weighted" => string.Create(CultureInfo.InvariantCulture, $"By chance, with the weight {target.Options.Weight:0.###}: this is one draw of it."),
            "prefix_affine" => facts.Conversation == 0 ? "By its load: the request shows no conversation." : "By the conversation: of those with less than their bound under way, this is its place in the order.",
            "least_loaded" => $"By its load: with this request {share} for its weight.",
            "latency" => health.FirstByteMs == 0 ? "Of two by chance, the one that is expected to answer sooner: nothing is known of its times yet." : string.Create(CultureInfo.InvariantCulture, $"Of two by chance, the one that is expected to answer sooner: {health.FirstByteMs * (health.UnderWay + 1):0.###} ms."),
            _ => "By its turn.",
        };
        return before - turn > 0 ? $"Once every target before it has failed. {why}" : why;
    }

    private static string WhyNot(ModelRoute first, ModelTarget target, Surface surface, RoutingFacts facts)
    {
        if (target.SurfaceFor(surface) is null) return $"It speaks another dialect than /v1{surface.Path}, and there is no translation.";
        if (first.Explain(surface, facts).FirstOrDefault(one => one.Target == target) is { Standing: Standing.NotMeant, Why: { } why }) return $"It {why}.";
        if (target.IsDraining) return "It drains, and gets no new requests.";
        var health = target.Health;
        if (target.IsFull && health.Wait == TimeSpan.Zero) return string.Create(CultureInfo.InvariantCulture, $"It has {target.Most} requests under way, as many as it may (MaxConcurrency).");
        return string.Create(CultureInfo.InvariantCulture, $"It failed repeatedly (last: {health.LastFailure ?? "unknown"}), and is left alone for {health.Wait.TotalSeconds:0.#} s more.");
    }
}
