using System.Collections.Immutable;

namespace Baton.Engine;

/// <summary>What an item's failure means for its map.</summary>
public enum MapErrors
{
    /// <summary>The first failure cancels the rest and fails the map.</summary>
    Fail,

    /// <summary>Failures are kept beside the outputs, in the items' order.</summary>
    Collect,

    /// <summary>Failed items are left out.</summary>
    Skip,
}

public sealed record MapOptions
{
    public static readonly MapOptions Default = new();

    /// <summary>Most items at work at once; 1 to 10,000.</summary>
    public int Parallel
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 10_000);
            field = value;
        }
    } = 16;

    public MapErrors OnError { get; init; } = MapErrors.Fail;

    /// <summary>How each item is carried out, when it is a single step.</summary>
    public StepOptions Step { get; init; } = StepOptions.Default;
}

/// <summary>One item's end: <see cref="Output"/>, or <see cref="Error"/> when that is not null.</summary>
public readonly record struct MapItem<T>(int Index, T? Output, WorkflowError? Error)
{
    public bool IsOk => Error is null;
}

/// <summary>What a map came to, in the order of its items; under <see cref="MapErrors.Skip"/> without those that failed.</summary>
public sealed record MapResult<T>(ImmutableArray<MapItem<T>> Items)
{
    /// <summary>Items that failed, whether they were kept or skipped.</summary>
    public int Failed { get; init; }

    /// <summary>Outputs of the items that succeeded.</summary>
    public IEnumerable<T> Outputs => Items.Where(item => item.IsOk).Select(item => item.Output!);
}
