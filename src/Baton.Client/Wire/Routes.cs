using System.Text.Json;

namespace Baton.Client;

/// <summary>A model as callers name it, and the targets that answer for it, as the node that was asked knows them.</summary>
/// <param name="Source">settings, file, api (the caller's own) or built_in.</param>
/// <param name="Version">Of one's own route, for conditional changes.</param>
/// <param name="Strategy">Which target is asked first; null for a built-in model.</param>
/// <param name="Fallbacks">Models that stand in once every target has failed.</param>
/// <param name="Problem">Why the route cannot be used; null for nothing.</param>
/// <param name="Settings">Of one's own route, as they were put.</param>
public sealed record RouteView(
    string Name, string Source, string? Version, string? Strategy, IReadOnlyList<string> Fallbacks, IReadOnlyList<TargetView> Targets, string? Problem = null,
    DateTimeOffset? UpdatedAt = null, string? UpdatedBy = null, JsonElement? Settings = null);

/// <summary>A place that answers for a model.</summary>
/// <param name="Model">What it calls the model.</param>
/// <param name="Dialect">openai or anthropic.</param>
/// <param name="State">closed (it is asked), open (left alone after failures), half_open (one request may find out), cooling (it has asked to be left alone), full (as many requests are under way at it as may be), draining (it gets no new requests).</param>
/// <param name="WaitSeconds">Until it may be asked; 0 for now.</param>
/// <param name="LastFailure">In a word or two; null before the first.</param>
/// <param name="UnderWay">Requests that it has not ended yet.</param>
/// <param name="FirstByteMs">Moving average of the time to its first byte; null before the first.</param>
public sealed record TargetView(string Name, string Model, string Dialect, double Weight, string State, double WaitSeconds, string? LastFailure, int UnderWay, double? FirstByteMs);

/// <summary>Who would be asked with a request, and why.</summary>
/// <param name="Model">The model that the request names, or the default.</param>
/// <param name="Surface">The address that it is for, such as /v1/chat/completions.</param>
/// <param name="Route">model/target of the one that would be asked first; null when none would.</param>
/// <param name="Outcome">In a sentence.</param>
/// <param name="Candidates">In the order in which they would be asked; then those that would not.</param>
public sealed record RouteExplanation(string Model, string Surface, string? Route, string Outcome, IReadOnlyList<CandidateView> Candidates);

/// <summary>A target that was considered.</summary>
/// <param name="Place">1 for the one that is asked first; null for one that is not asked.</param>
/// <param name="Route">The model whose target it is: the one that was asked for, or a stand-in.</param>
/// <param name="IsFallback">Whether it is a stand-in's.</param>
/// <param name="Reason">Why it has this place, or none.</param>
public sealed record CandidateView(int? Place, string Route, bool IsFallback, string Strategy, string Reason, TargetView Target);
