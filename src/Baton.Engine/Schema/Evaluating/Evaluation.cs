using System.Diagnostics;
using System.Runtime.CompilerServices;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>Why a validation was given up.</summary>
public enum ValidationLimit
{
    /// <summary>Schema and value together ask for more than <see cref="JsonSchemaOptions.MaxSteps"/> steps.</summary>
    Steps,

    /// <summary>Schema and value together are nested deeper than <see cref="JsonSchemaOptions.MaxDepth"/>.</summary>
    Depth,

    /// <summary>
    /// Matching patterns took longer than <see cref="JsonSchemaOptions.PatternBudget"/>, or met a text of more than a million characters
    /// where a pattern must backtrack.
    /// </summary>
    Patterns,
}

/// <summary>
/// The state of one validation: what is left of its budget, where it stands, and the errors if anybody wants them. Used by one thread
/// at a time and kept for the next validation on that thread, so that a valid value costs no memory.
/// </summary>
internal sealed class Evaluation
{
    // How often the native stack is looked at: 16 levels take a fraction of the reserve that the runtime asks for.
    private const int StackCheckMask = 15;

    // What an error costs against applying a schema.
    private const int ErrorSteps = 8;

    [ThreadStatic] private static Evaluation? spare;

    private readonly Stack<EvaluatedSet> freeSets = [];
    private readonly DynamicScope scope = new();
    private long stepsLeft;
    private int depth;
    private int maxDepth;
    private long patternTicksLeft;

    /// <summary>The errors so far; null when only the verdict is wanted.</summary>
    public ErrorList? Errors { get; private set; }

    /// <summary>The resources entered so far; null when no reference of the schema depends on them.</summary>
    public DynamicScope? Scope { get; private set; }

    /// <summary>Which limit ended the validation.</summary>
    public ValidationLimit? Stopped { get; private set; }

    /// <summary>Whether the first failure decides, because nobody waits for further errors.</summary>
    public bool FailsFast => Errors is not { IsTruncated: false };

    /// <summary>Starts a validation; it ends with <see cref="Return"/>.</summary>
    public static Evaluation Rent(JsonSchemaOptions options, bool hasDynamicScope, ErrorList? errors)
    {
        var evaluation = spare ?? new Evaluation();
        spare = null;
        evaluation.stepsLeft = options.MaxSteps;
        evaluation.maxDepth = options.MaxDepth;
        evaluation.depth = 0;
        evaluation.patternTicksLeft = (long)(options.PatternBudget.TotalSeconds * Stopwatch.Frequency);
        evaluation.Errors = errors;
        evaluation.Scope = hasDynamicScope ? evaluation.scope : null;
        evaluation.Stopped = null;
        return evaluation;
    }

    public void Return()
    {
        Errors = null;
        scope.Clear();
        spare = this;
    }

    /// <summary>Goes one level deeper for one step. False when a limit is reached: then the validation unwinds without <see cref="Leave"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Enter()
    {
        if (--stepsLeft < 0) return Stop(ValidationLimit.Steps);
        if (depth >= maxDepth || ((depth & StackCheckMask) == 0 && !RuntimeHelpers.TryEnsureSufficientExecutionStack())) return Stop(ValidationLimit.Depth);
        depth++;
        return true;
    }

    public void Leave() => depth--;

    /// <summary>Pays for work that enters no schema: a hash, a comparison, a look at each member.</summary>
    public void Charge(long steps)
    {
        stepsLeft -= steps;
        if (stepsLeft < 0) Stop(ValidationLimit.Steps);
    }

    /// <summary>Pays for matching a pattern. The time is measured because the cost of a match cannot be told beforehand.</summary>
    public void ChargePattern(long stopwatchTicks)
    {
        patternTicksLeft -= stopwatchTicks;
        if (patternTicksLeft < 0) Stop(ValidationLimit.Patterns);
    }

    /// <summary>Ends the validation: every further schema fails at once, and nobody asks for errors any more.</summary>
    public bool Stop(ValidationLimit limit)
    {
        Stopped ??= limit;
        stepsLeft = -1;
        Errors = null;
        return false;
    }

    /// <summary>Says that a value breaks a rule.</summary>
    /// <param name="detail">What else the rule needs to <see cref="Keyword.Explain"/> itself.</param>
    /// <returns>False.</returns>
    public bool Fail(Keyword rule, in JqValue value, object? detail = null) => Fail(rule, rule.Location, value, detail);

    /// <inheritdoc cref="Fail(Keyword, in JqValue, object?)"/>
    /// <param name="location">Where the broken part of the rule stands.</param>
    public bool Fail(Keyword rule, SchemaLocation location, in JqValue value, object? detail = null)
    {
        if (Errors is not { } errors) return false;
        errors.Add(rule, location, value, detail);
        Charge(ErrorSteps);
        return false;
    }

    /// <summary>Says that a member of the value breaks a rule by its name.</summary>
    public bool FailAt(string name, Keyword rule, SchemaLocation location, in JqValue member)
    {
        if (Errors is not { } errors) return false;
        var outer = errors.Place;
        errors.Place = new InstancePath(outer, name);
        Fail(rule, location, member, name);
        errors.Place = outer;
        return false;
    }

    /// <summary>Applies a schema to a member of the value.</summary>
    public bool HoldsAt(string name, SchemaNode schema, in JqValue member) =>
        Errors is { } errors ? HoldsAt(new InstancePath(errors.Place, name), schema, member, errors) : schema.Holds(member, this, null);

    /// <summary>Applies a schema to an item of the value.</summary>
    public bool HoldsAt(int index, SchemaNode schema, in JqValue item) =>
        Errors is { } errors ? HoldsAt(new InstancePath(errors.Place, index), schema, item, errors) : schema.Holds(item, this, null);

    /// <summary>Applies a schema to the name of a member.</summary>
    public bool HoldsForName(string name, SchemaNode schema) =>
        Errors is { } errors ? HoldsAt(new InstancePath(errors.Place, name, isName: true), schema, name, errors) : schema.Holds(name, this, null);

    /// <summary>Applies a schema of which only the verdict counts: its errors are nobody's fault.</summary>
    public bool HoldsSilently(SchemaNode schema, in JqValue value, EvaluatedSet? seen)
    {
        var errors = Errors;
        Errors = null;
        var holds = schema.Holds(value, this, seen);
        if (Stopped is null) Errors = errors;
        return holds;
    }

    /// <summary>A set for the children of one value, all of them unseen.</summary>
    public EvaluatedSet RentSet(int count)
    {
        if (!freeSets.TryPop(out var set)) set = new EvaluatedSet();
        set.Reset(count);
        return set;
    }

    public void ReturnSet(EvaluatedSet set)
    {
        if (!set.IsLarge) freeSets.Push(set);
    }

    private bool HoldsAt(InstancePath place, SchemaNode schema, in JqValue value, ErrorList errors)
    {
        var outer = errors.Place;
        errors.Place = place;
        var holds = schema.Holds(value, this, null);
        errors.Place = outer;
        return holds;
    }
}
