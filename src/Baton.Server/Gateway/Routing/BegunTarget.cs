namespace Baton.Server.Gateway;

/// <summary>A target at which a request has begun: to be ended by <see cref="TargetHealth.End"/>.</summary>
/// <param name="Route">The model that it answers for.</param>
/// <param name="Era">The target's, when the request began.</param>
internal readonly record struct BegunTarget(ModelRoute Route, ModelTarget Target, int Era);
