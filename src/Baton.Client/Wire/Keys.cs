namespace Baton.Client;

/// <summary>A limit on calls of models. At least one of <paramref name="Requests"/>, <paramref name="Tokens"/> and <paramref name="Concurrency"/> is given.</summary>
/// <param name="Requests">Most requests per window.</param>
/// <param name="Tokens">Most tokens per window, of prompts and answers together.</param>
/// <param name="WindowSeconds">1 to 2,678,400 (31 days); default 60.</param>
/// <param name="Algorithm"><c>sliding_window</c> (the default): never more in any stretch as long as the window. <c>token_bucket</c>: a full bucket at once, then evenly.</param>
/// <param name="Concurrency">Most calls at once.</param>
/// <param name="MaxWaitSeconds">How long a call may wait for its turn, up to 600; default 0, refuse at once.</param>
/// <param name="Model">The models that it is for, as a pattern with <c>*</c>; all of them together when absent.</param>
public sealed record KeyLimit(long? Requests = null, long? Tokens = null, int? WindowSeconds = null, string? Algorithm = null, int? Concurrency = null, double? MaxWaitSeconds = null, string? Model = null);

/// <summary>A key to be made.</summary>
/// <param name="Scope"><c>gateway</c> (the default): models at <c>/v1</c> alone. <c>api</c>: everything but keys. <c>admin</c>: keys too.</param>
/// <param name="Models">Patterns of the models that it may ask, with <c>*</c>; all when absent or empty.</param>
/// <param name="ExpiresAt">When it ends; never when absent.</param>
public sealed record CreateKey(string Name, string? Team = null, string? Scope = null, IReadOnlyList<string>? Models = null, IReadOnlyList<KeyLimit>? Limits = null, DateTimeOffset? ExpiresAt = null);

/// <summary>What of a key is to be another. What is absent stays.</summary>
public sealed record ChangeKey(string? Name = null, string? Team = null, string? Scope = null, IReadOnlyList<string>? Models = null, IReadOnlyList<KeyLimit>? Limits = null, DateTimeOffset? ExpiresAt = null, bool? Disabled = null);

/// <summary>A new secret for a key.</summary>
/// <param name="GraceSeconds">How long the old one is good for beside it, up to 2,678,400 (31 days); default 3,600; 0 ends it at once.</param>
public sealed record RotateKey(int? GraceSeconds = null);

/// <summary>A key of this server.</summary>
/// <param name="Hint">The beginning of the secret, to tell keys apart by.</param>
/// <param name="State">active, disabled or expired.</param>
/// <param name="LastUsedAt">To a minute or so; null before the first use.</param>
/// <param name="PreviousUntil">Until when the secret before the last rotation is good.</param>
/// <param name="Secret">The key itself: in the answers to its creation and rotation, and never again.</param>
public sealed record KeyView(
    string Id, string Name, string? Team, string Scope, string State, string Hint, IReadOnlyList<string> Models, IReadOnlyList<KeyLimit> Limits,
    DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? ExpiresAt, bool Disabled, DateTimeOffset? LastUsedAt, DateTimeOffset? PreviousUntil, string? Secret = null);
