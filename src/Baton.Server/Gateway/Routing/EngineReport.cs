namespace Baton.Server.Gateway;

/// <summary>What a host of one's own tells of itself.</summary>
/// <param name="Running">Requests that it works on, whoever sent them.</param>
/// <param name="Waiting">Requests that wait for room.</param>
/// <param name="CacheUse">Share of the room for keys and values that is taken, 0 to 1.</param>
/// <param name="IsWarm">Whether the model is loaded; null where it does not say.</param>
internal sealed record EngineReport(double Running, double Waiting, double CacheUse, bool? IsWarm);
