using System.Text.Json.Serialization;

namespace Baton.Server.Commands;

/// <summary>What the doctor found in one place.</summary>
/// <param name="Check">What was looked at: settings, database, disk, sqlite, git, server.</param>
/// <param name="State">ok; warning, when Baton runs but something is missing; failed, when it does not.</param>
/// <param name="Detail">What was found, and what to do where it is not ok.</param>
internal sealed record Finding(string Check, string State, string Detail)
{
    [JsonIgnore]
    public bool IsFailure => State == "failed";

    public static Finding Ok(string check, string detail) => new(check, "ok", detail);

    public static Finding Warning(string check, string detail) => new(check, "warning", detail);

    public static Finding Failed(string check, string detail) => new(check, "failed", detail);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
