using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>The errors of a validation so far, and where it stands: at most so many, those inside of alternatives counted.</summary>
internal sealed class ErrorList(int limit)
{
    private readonly List<ValidationError> errors = [];
    private int collected;

    /// <summary>Whether there were more errors than there is room for. From then on nobody needs to look for further ones.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>The value that is being looked at; null for the root.</summary>
    public InstancePath? Place { get; set; }

    /// <summary>The references that led to the schema that is being applied.</summary>
    public ReferencePath? Route { get; set; }

    /// <summary>Adds an error of the current value.</summary>
    public void Add(Keyword rule, SchemaLocation location, in JqValue value, object? detail)
    {
        if (collected >= limit)
        {
            IsTruncated = true;
            return;
        }
        errors.Add(new ValidationError(Place, location, Route, rule, value, detail));
        collected++;
    }

    /// <summary>A point to go back to.</summary>
    public Mark Save() => new(errors.Count, collected, IsTruncated);

    /// <summary>Forgets what came after a point.</summary>
    public void Restore(Mark mark)
    {
        errors.RemoveRange(mark.Count, errors.Count - mark.Count);
        (collected, IsTruncated) = (mark.Collected, mark.IsTruncated);
    }

    /// <summary>Takes out what came after a point; it goes on counting.</summary>
    public ImmutableArray<ValidationError> Take(Mark mark)
    {
        var taken = errors.Skip(mark.Count).ToImmutableArray();
        errors.RemoveRange(mark.Count, taken.Length);
        return taken;
    }

    /// <summary>Lets one more error in if there was room for it at a point: those inside of it have used up the room.</summary>
    public void MakeRoom(Mark mark)
    {
        if (mark.Collected < limit) collected = Math.Min(collected, limit - 1);
    }

    public ImmutableArray<ValidationError> ToImmutable() => [.. errors];

    internal readonly record struct Mark(int Count, int Collected, bool IsTruncated);
}
