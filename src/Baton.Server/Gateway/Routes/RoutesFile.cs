using System.Collections.Immutable;
using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>The file of <see cref="GatewayOptions.RoutesFile"/>: <c>models:</c>, and below it each model's settings by its name, in snake_case.</summary>
internal static class RoutesFile
{
    private const int MaxBytes = 4 << 20, MaxFaults = 10;

    /// <summary>Reads the file as it is now.</summary>
    /// <param name="path">Null for none: no models.</param>
    public static RoutesReading Read(string? path)
    {
        if (path is not { Length: > 0 }) return RoutesReading.Models.None;
        return ReadText(path) switch
        {
            (null, var reason) => new RoutesReading.Refused(reason!),
            var (text, _) => Parse(path, text),
        };
    }

    /// <returns>Its content, or why there is none.</returns>
    public static (string? Text, string? Reason) ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length > MaxBytes ? (null, $"The file {path} has more than {MaxBytes:N0} bytes.") : (File.ReadAllText(path), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return (null, $"The file {path} cannot be read: {e.Message}");
        }
    }

    public static RoutesReading Parse(string path, string text)
    {
        JqValue value;
        try
        {
            value = YamlReader.Read(text);
        }
        catch (YamlException e)
        {
            return new RoutesReading.Refused($"{path} is not YAML: {e.Message}");
        }
        if (!value.TryGetObject(out var members) || !members.TryGetValue("models", out var all) || !all.TryGetObject(out var named)) return new RoutesReading.Refused($"{path} must begin with 'models:', and hold each model's settings below its name; 'models: {{}}' for none.");
        if (members.Count > 1) return new RoutesReading.Refused($"{path}: there is nothing but 'models' at the top of this file, and no '{members.First(member => member.Key != "models").Key}'.");
        var models = ImmutableDictionary.CreateBuilder<string, ModelOptions>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<RouteFault>();
        foreach (var (name, settings) in named)
        {
            var (model, wrong) = RouteReader.Read(settings, RoutePlace.InFile(name));
            faults.AddRange(wrong);
            if (!models.TryAdd(name, model)) faults.Add(new RouteFault(RoutePlace.InFile(name), " stands twice: upper and lower case do not matter."));
        }
        return faults.Count == 0 ? new RoutesReading.Models(models.ToImmutable()) { Text = text } : new RoutesReading.Refused($"{path}: {string.Join(" ", faults.Take(MaxFaults))}");
    }
}

/// <summary>What a file of routes came to.</summary>
internal abstract record RoutesReading
{
    private RoutesReading() { }

    public sealed record Models(ImmutableDictionary<string, ModelOptions> All) : RoutesReading
    {
        public static Models None { get; } = new(ImmutableDictionary<string, ModelOptions>.Empty.WithComparers(StringComparer.OrdinalIgnoreCase));

        /// <summary>What the file held; null without one.</summary>
        public string? Text { get; init; }
    }

    /// <param name="Reason">With the file's name and, where one is wrong, the member's.</param>
    public sealed record Refused(string Reason) : RoutesReading;
}
