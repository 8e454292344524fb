using System.Collections.Immutable;
using System.Text.Json;
using Baton.Client;
using Baton.Jq;
using Baton.Server.Http;

namespace Baton.Server.Identity;

/// <summary>What a request says of a key; null and false for what it says nothing of.</summary>
internal sealed record KeyFields(string? Name, bool HasTeam, string? Team, KeyScope? Scope, ImmutableArray<string>? Models, ImmutableArray<KeyLimit>? Limits, bool HasExpiry, DateTimeOffset? ExpiresAt, bool? IsDisabled)
{
    private const int MaxName = 100, MaxModels = 100, MaxModel = 200, MaxLimits = 20;

    private const long MaxAmount = 1_000_000_000_000;

    public string? ModelsJson => Models is { } models ? JsonSerializer.Serialize(models, WireJson.Web.IReadOnlyListString) : null;

    public string? LimitsJson => Limits is { } limits ? JsonSerializer.Serialize(limits, WireJson.Web.IReadOnlyListKeyLimit) : null;

    public static (KeyFields? Fields, ProblemResult? Problem) Read(JqValue body, bool isNew, DateTimeOffset now)
    {
        var fields = new FieldReader(body);
        var name = fields.Name("name", MaxName, required: isNew);
        if (name is { Length: 0 }) fields.Add("/name", "A key has a name.");
        if (name == Caller.Workflow) fields.Add("/name", $"'{Caller.Workflow}' is what runs of workflows are called in usage and budgets. Choose another name.");
        var team = fields.Name("team", MaxName);
        if (team is { Length: 0 }) fields.Add("/team", "A team has a name; leave 'team' out for none.");
        KeyScope? scope = null;
        if (fields.Text("scope", 20) is { } scopeName && (scope = KeyScopes.Parse(scopeName)) is null) fields.Add("/scope", $"'scope' is one of {string.Join(", ", KeyScopes.Names)}.");
        DateTimeOffset? expires = null;
        if (fields.Text("expires_at", 40) is { } time)
        {
            if (!Times.TryParse(time, out var at)) fields.Add("/expires_at", $"'expires_at' is {Times.Rule}");
            else if (at <= now) fields.Add("/expires_at", "'expires_at' lies in the future. To end a key now, disable it.");
            else expires = at;
        }
        var models = fields.List("models", MaxModels).Select((value, i) =>
        {
            if (!value.TryGetString(out var text) || text.Length is 0 or > MaxModel || !FieldReader.IsName(text)) fields.Add($"/models/{i}", $"A pattern of models is a text of 1 to {MaxModel} characters and no control characters, such as gpt-* or local/qwen.");
            return text ?? "";
        }).ToImmutableArray();
        var disabled = isNew ? null : fields.Boolean("disabled");
        var limits = ImmutableArray.CreateBuilder<KeyLimit>();
        foreach (var (value, i) in fields.List("limits", MaxLimits).Select((value, i) => (value, i)))
        {
            var (limit, wrong) = ReadLimit(value, $"/limits/{i}");
            if (wrong is not null) return (null, wrong);
            limits.Add(limit!);
        }
        if (fields.Problem is { } problem) return (null, problem);
        return (new KeyFields(name, fields.IsGiven("team"), team, scope, fields.IsGiven("models") ? models : null, fields.IsGiven("limits") ? limits.ToImmutable() : null, fields.IsGiven("expires_at"), expires, disabled), null);
    }

    private static (KeyLimit? Limit, ProblemResult? Problem) ReadLimit(JqValue value, string at)
    {
        var fields = new FieldReader(value, at);
        var limit = new KeyLimit(
            fields.Long("requests", 1, MaxAmount), fields.Long("tokens", 1, MaxAmount), fields.Integer("window_seconds", 1, LimitRules.MaxWindowSeconds), fields.Text("algorithm", 20), fields.Integer("concurrency", 1, 1_000_000),
            fields.Number("max_wait_seconds", 0, LimitRules.MaxWaitSeconds), fields.Name("model", MaxModel));
        foreach (var (member, rule) in LimitRules.Faults(limit)) fields.Add($"{at}/{member}", rule);
        return fields.Problem is { } problem ? (null, problem) : (limit, null);
    }
}

/// <summary>What a limit must be, wherever it is written.</summary>
internal static class LimitRules
{
    public const string SlidingWindow = "sliding_window", TokenBucket = "token_bucket";

    public const int MaxWindowSeconds = 31 * 24 * 3600, MaxWaitSeconds = 600;

    /// <summary>What goes beyond ranges: which members, and why.</summary>
    public static IEnumerable<(string Member, string Rule)> Faults(KeyLimit limit)
    {
        if (limit is { Requests: null, Tokens: null, Concurrency: null }) yield return ("requests", "A limit names at least one of requests, tokens and concurrency.");
        if (limit.Algorithm is not (null or SlidingWindow or TokenBucket)) yield return ("algorithm", $"'algorithm' is {SlidingWindow} or {TokenBucket}.");
        if (limit.Model is { Length: 0 }) yield return ("model", "A pattern of models has at least one character; leave 'model' out for all.");
    }
}
