using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

/// <summary>Short ways to compile and ask.</summary>
internal static class Schemas
{
    public static JsonSchema Compile(string schema, JsonSchemaOptions? options = null) => JsonSchema.Compile(JqValue.Parse(schema), options);

    public static ValidationResult Validate(string schema, string instance, JsonSchemaOptions? options = null) =>
        Compile(schema, options).Validate(JqValue.Parse(instance));

    /// <summary>The verdict, on which both ways to ask must agree.</summary>
    public static bool IsValid(string schema, string instance, JsonSchemaOptions? options = null)
    {
        var compiled = Compile(schema, options);
        var value = JqValue.Parse(instance);
        var isValid = compiled.IsValid(value);
        Assert.Equal(isValid, compiled.Validate(value).IsValid);
        return isValid;
    }

    public static SchemaProblem[] Problems(string schema, JsonSchemaOptions? options = null) => Problems(JqValue.Parse(schema), options);

    public static SchemaProblem[] Problems(JqValue schema, JsonSchemaOptions? options = null)
    {
        Assert.Equal(JsonSchema.TryCompile(schema, options, out var compiled, out var problems), problems.IsEmpty);
        Assert.Equal(problems.IsEmpty, compiled is not null);
        return [.. problems];
    }

    /// <summary>The value that a JSON pointer leads to; false when there is none.</summary>
    public static bool TryFollow(JqValue value, string path, out JqValue found)
    {
        found = value;
        foreach (var token in path.Split('/').Skip(1).Select(token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            if (found.TryGetObject(out var members))
            {
                if (!members.TryGetValue(token, out found)) return false;
            }
            else
            {
                if (!found.TryGetArray(out var items) || !int.TryParse(token, out var index) || index >= items.Count) return false;
                found = items[index];
            }
        }
        return true;
    }

    /// <summary>The one problem of a schema.</summary>
    public static SchemaProblem Problem(string schema, JsonSchemaOptions? options = null) => Assert.Single(Problems(schema, options));

    /// <summary>The one error of a value.</summary>
    public static ValidationError Error(string schema, string instance, JsonSchemaOptions? options = null) =>
        Assert.Single(Validate(schema, instance, options).Errors);
}
