using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// What models cost: the public prices that come with the server, over them those of <see cref="GatewayOptions.PricesFile"/>, over both the <see cref="TargetOptions.Price"/> of a
/// target. Read once, when the server starts. Thread-safe.
/// </summary>
internal sealed class PriceTable
{
    private const string Shipped = "Baton.Server.Gateway.prices.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
    };

    private readonly FrozenDictionary<string, ModelPrice> prices;

    public PriceTable(IOptions<GatewayOptions> options)
    {
        using var shipped = typeof(PriceTable).Assembly.GetManifestResourceStream(Shipped)!;
        var all = Read(shipped).ToDictionary(entry => entry.Model, entry => entry.ToPrice(), StringComparer.OrdinalIgnoreCase);
        if (options.Value.PricesFile is { Length: > 0 } path)
        {
            using var own = File.OpenRead(path);
            foreach (var entry in Read(own)) all[entry.Model] = entry.ToPrice();
        }
        prices = all.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What a call of a target costs, in whole micro-dollars (rounding: <see cref="ModelPrice.Cost"/>); 0 where there is no price.</summary>
    /// <param name="busy">Its share of the target's time: <see cref="HostShare"/>.</param>
    public long Cost(ModelTarget target, TokenUsage usage, TimeSpan busy) => Of(target).Cost(usage, busy);

    public ModelPrice Of(ModelTarget target) => target.Options.Price is { } own ? own.ToPrice() : Find(target.Model) ?? ModelPrice.None;

    /// <summary>The price of a model by the name that its provider gives it, with a date or <c>-latest</c> behind it or without.</summary>
    /// <returns>Null when there is none.</returns>
    public ModelPrice? Find(string model)
    {
        if (prices.TryGetValue(model, out var price)) return price;
        return Undated(model) is { } name && prices.TryGetValue(name, out price) ? price : null;
    }

    /// <summary>What is wrong with a file of prices; null for nothing.</summary>
    public static string? Problem(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var entries = Read(file);
            if (entries.FirstOrDefault(entry => entry.IsNegative) is { } negative) return $"has a price below 0 for '{negative.Model}'.";
            return entries.GroupBy(entry => entry.Model, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice ? $"has two prices for '{twice.Key}'." : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }
        catch (JsonException e)
        {
            return $"is not a file of prices: {e.Message}";
        }
    }

    internal static IReadOnlyList<Entry> ReadShipped()
    {
        using var shipped = typeof(PriceTable).Assembly.GetManifestResourceStream(Shipped)!;
        return Read(shipped);
    }

    private static List<Entry> Read(Stream json)
    {
        var models = JsonSerializer.Deserialize<Table>(json, Json)?.Models;
        return models?.TrueForAll(static entry => entry is { Model.Length: > 0 }) == true ? models : throw new JsonException("It has a list, 'models', and each element of it the name of a 'model'.");
    }

    /// <summary>gpt-4o of gpt-4o-2024-08-06, claude-sonnet-4 of claude-sonnet-4-20250514, claude-3-5-haiku of claude-3-5-haiku-latest.</summary>
    private static string? Undated(string model)
    {
        foreach (var (length, format) in new[] { (10, "yyyy-MM-dd"), (8, "yyyyMMdd") })
        {
            if (model.Length > length + 1 && model[^(length + 1)] == '-' && DateOnly.TryParseExact(model.AsSpan(model.Length - length), format, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) return model[..^(length + 1)];
        }
        return model.EndsWith("-latest", StringComparison.OrdinalIgnoreCase) ? model[..^"-latest".Length] : null;
    }

    /// <param name="Unit">For people: what the numbers are.</param>
    private sealed record Table(string? Unit, [property: JsonRequired] List<Entry> Models);

    /// <param name="Source">Where the price is published.</param>
    /// <param name="Date">When it was read there.</param>
    internal sealed record Entry([property: JsonRequired] string Model, [property: JsonRequired] long Input, long? CachedInput, long? CacheWriteInput, [property: JsonRequired] long Output, string? Source, DateOnly? Date)
    {
        public bool IsNegative => Input < 0 || CachedInput < 0 || CacheWriteInput < 0 || Output < 0;

        public ModelPrice ToPrice() => new(Input, CachedInput ?? Input, CacheWriteInput ?? Input, Output);
    }
}
