namespace Baton.Engine;

/// <summary>How step keys are spelt: a path from the run's root, with brackets for the item of a map or the turn of a loop.</summary>
internal static class StepKey
{
    /// <summary>Longest key that a run may use, in characters.</summary>
    public const int MaxLength = 512;

    public static string Item(string key, int index) => $"{key}[{index}]";

    public static string Under(string prefix, string name) => prefix.Length == 0 ? name : name.StartsWith('/') ? prefix + name : $"{prefix}/{name}";
}
