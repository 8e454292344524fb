using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>
/// A compiled JSON Schema, draft 2020-12. Immutable and safe to use from many threads; compile once, validate often.
/// </summary>
/// <remarks>
/// Schemas and values may come from strangers: nothing is fetched, and time, memory and stack are bounded by
/// <see cref="JsonSchemaOptions"/>. Specification: "JSON Schema: A Media Type for Describing JSON Documents" and "JSON Schema
/// Validation", draft-bhutton-json-schema-01 and draft-bhutton-json-schema-validation-01, 2022.
/// </remarks>
public sealed class JsonSchema
{
    private readonly SchemaNode root;
    private readonly JsonSchemaOptions options;
    private readonly bool hasDynamicScope;

    internal JsonSchema(SchemaNode root, JsonSchemaOptions options, bool hasDynamicScope)
    {
        this.root = root;
        this.options = options;
        this.hasDynamicScope = hasDynamicScope;
    }

    /// <summary>Checks and compiles a schema.</summary>
    /// <exception cref="JsonSchemaException">The schema has problems: a keyword with a value that it may not have, a pattern that is none, a reference that leads nowhere or round in circles.</exception>
    public static JsonSchema Compile(JqValue schema, JsonSchemaOptions? options = null) =>
        TryCompile(schema, options, out var compiled, out var problems) ? compiled : throw new JsonSchemaException(problems);

    /// <summary>Checks and compiles a schema of a stranger.</summary>
    /// <returns>False when there are <paramref name="problems"/>.</returns>
    public static bool TryCompile(JqValue schema, JsonSchemaOptions? options, [NotNullWhen(true)] out JsonSchema? compiled, out ImmutableArray<SchemaProblem> problems)
    {
        options ??= JsonSchemaOptions.Default;
        var compiler = new SchemaCompiler(options);
        compiled = compiler.Compile(schema);
        problems = compiler.Problems.ToImmutable();
        return compiled is not null;
    }

    /// <summary>Whether a value fits this schema. Needs no memory, but for rare numbers; false also when a limit is reached.</summary>
    public bool IsValid(JqValue instance) => IsValid(instance, out _);

    /// <summary>Says whether a value fits this schema, and if not, everything that must be mended.</summary>
    public ValidationResult Validate(JqValue instance)
    {
        if (IsValid(instance, out var limit)) return ValidationResult.Valid;
        if (limit is { } early) return new ValidationResult([Explain(early)], limit: early);
        var errors = new ErrorList(options.MaxErrors);
        var evaluation = Evaluation.Rent(options, hasDynamicScope, errors);
        root.Holds(instance, evaluation, null);
        limit = evaluation.Stopped;
        evaluation.Return();
        var found = errors.ToImmutable();
        return limit is { } reached ? new ValidationResult(found.Add(Explain(reached)), errors.IsTruncated, reached) : new ValidationResult(found, errors.IsTruncated);
    }

    private bool IsValid(in JqValue instance, out ValidationLimit? limit)
    {
        var evaluation = Evaluation.Rent(options, hasDynamicScope, errors: null);
        var holds = root.Holds(instance, evaluation, null);
        limit = evaluation.Stopped;
        evaluation.Return();
        return holds && limit is null;
    }

    private ValidationError Explain(ValidationLimit limit) => new(limit switch
    {
        ValidationLimit.Steps => $"was not checked to its end: schema and value together ask for more than {options.MaxSteps:N0} steps. Make the value smaller, or nest fewer anyOf, oneOf and $ref in the schema",
        ValidationLimit.Depth => $"was not checked to its end: value and schema are nested deeper than {options.MaxDepth:N0} schemas inside of each other. Make the value flatter, or look for a $dynamicRef that leads back to itself",
        _ => $"was not checked to its end: matching patterns took longer than {options.PatternBudget.TotalMilliseconds:N0} ms, or would take too much memory. Make the texts shorter, or the patterns simpler: no repetition inside of a repetition, no look-around",
    });
}
