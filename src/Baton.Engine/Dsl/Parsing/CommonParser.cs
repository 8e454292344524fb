using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Parts that many tasks share: data flow, durations, addresses, authentication, directives.</summary>
internal static partial class CommonParser
{
    public static InputRule? Input(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("input") is not { } value || ObjectReader.Open(value, parent.At("input"), context, "'input'") is not { } reader) return null;
        var rule = new InputRule(Schema(reader, context), Transform(reader, "from", context, variables));
        reader.Close("'input'");
        return rule;
    }

    /// <summary>Reads <c>output</c> or <c>export</c>.</summary>
    public static OutputRule? Output(ObjectReader parent, string name, ParseContext context, VariableNames variables)
    {
        if (parent.Take(name) is not { } value || ObjectReader.Open(value, parent.At(name), context, $"'{name}'") is not { } reader) return null;
        var rule = new OutputRule(Schema(reader, context), Transform(reader, "as", context, variables));
        reader.Close($"'{name}'");
        return rule;
    }

    /// <summary>A duration that stands here, is computed, or is the name of one under <c>use.timeouts</c>.</summary>
    public static Template? Timeout(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("timeout") is not { } value) return null;
        var pointer = parent.At("timeout");
        if (value.TryGetString(out var name))
        {
            if (!context.Reusable("timeouts").TryGetValue(name, out value))
            {
                context.Add(pointer, $"There is no timeout '{name}' under use.timeouts.", Nearest.Hint(name, context.Reusable("timeouts").Keys));
                return null;
            }
            pointer = $"/use/timeouts/{YamlReader.Escape(name)}";
        }
        if (ObjectReader.Open(value, pointer, context, "A timeout") is not { } reader) return null;
        var after = reader.Require("after", "A timeout") is { } duration ? Duration(duration, reader.At("after"), context, variables) : null;
        reader.Close("A timeout");
        return after;
    }

    public static Template? Duration(JqValue value, string pointer, ParseContext context, VariableNames variables)
    {
        var template = context.CompileValue(value, pointer, variables);
        if (template.Constant is { } constant && !Durations.TryRead(constant, out _, out var fault)) context.Add(pointer, fault!, "Write { seconds: 10 } or PT10S.");
        return template;
    }

    /// <summary>An expression field: jq with or without <c>${ }</c>.</summary>
    public static Expression? Condition(ObjectReader parent, string name, ParseContext context, VariableNames variables) =>
        parent.TakeText(name) is { } source ? context.Compile(source, parent.At(name), variables) : null;

    public static Directive Then(ObjectReader parent) => parent.TakeText("then") switch
    {
        null or "continue" => Directive.Continue,
        "exit" => Directive.Exit,
        "end" => Directive.End,
        var task => new Directive.Jump(task),
    };

    public static Endpoint? Endpoint(JqValue value, string pointer, ParseContext context, VariableNames variables)
    {
        AuthenticationRule? authentication = null;
        if (value.IsObject)
        {
            var reader = ObjectReader.Open(value, pointer, context, "An endpoint")!;
            var uri = reader.Require("uri", "An endpoint");
            authentication = Authentication(reader, context, variables);
            reader.Close("An endpoint");
            if (uri is null) return null;
            (value, pointer) = (uri.Value, reader.At("uri"));
        }
        if (!value.TryGetString(out var text))
        {
            context.Add(pointer, $"An endpoint is a URI or an object with 'uri', not {ObjectReader.Describe(value)}.", "Write https://…");
            return null;
        }
        var template = context.CompileValue(value, pointer, variables);
        if (template.Constant is not null && !UriReference().IsMatch(text)) context.Add(pointer, $"'{text}' is no URI.", "Write https://host/path; {name} inserts a property of the input.");
        return new Endpoint(template, template.Constant is not null, authentication);
    }

    public static Endpoint? Resource(ObjectReader parent, string name, string what, ParseContext context, VariableNames variables)
    {
        if (parent.Require(name, what) is not { } value || ObjectReader.Open(value, parent.At(name), context, "A resource") is not { } reader) return null;
        reader.TakeText("name");
        var endpoint = reader.Require("endpoint", "A resource") is { } address ? Endpoint(address, reader.At("endpoint"), context, variables) : null;
        reader.Close("A resource");
        return endpoint;
    }

    public static AuthenticationRule? Authentication(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("authentication") is not { } value || ObjectReader.Open(value, parent.At("authentication"), context, "'authentication'") is not { } reader) return null;
        if (reader.TakeText("use") is not { } name) return Policy(reader, context, variables);
        reader.Close("A reference to an authentication");
        if (context.Reusable("authentications").TryGetValue(name, out var policy))
        {
            return ObjectReader.Open(policy, $"/use/authentications/{YamlReader.Escape(name)}", context, "An authentication") is { } reused ? Policy(reused, context, variables) : null;
        }
        context.Add(reader.At("use"), $"There is no authentication '{name}' under use.authentications.", Nearest.Hint(name, context.Reusable("authentications").Keys));
        return null;
    }

    public static AuthenticationRule? Policy(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        string[] schemes = ["basic", "bearer", "digest", "oauth2", "oidc"];
        var present = schemes.Where(reader.Has).ToList();
        if (present.Count != 1) context.Add(reader.Pointer, $"An authentication has exactly one of {string.Join(", ", schemes)}.", present.Count == 0 ? "Add one." : "Keep one.");
        AuthenticationRule? rule = null;
        foreach (var scheme in present)
        {
            if (ObjectReader.Open(reader.Take(scheme) ?? default, reader.At(scheme), context, $"'{scheme}'") is { } properties) rule = Scheme(scheme, properties, context, variables);
        }
        reader.Close("An authentication");
        return rule;
    }

    /// <summary>What stands below the objects of OAuth 2.</summary>
    private static readonly Dictionary<string, string[]> Parts = new(StringComparer.Ordinal)
    {
        ["client"] = ["id", "secret", "assertion", "authentication"],
        ["endpoints"] = ["token", "revocation", "introspection"],
        ["request"] = ["encoding"],
        ["subject"] = ["token", "type"],
        ["actor"] = ["token", "type"],
    };

    private static AuthenticationRule? Scheme(string scheme, ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (reader.TakeText("use") is { } secret)
        {
            reader.Close($"'{scheme}' by a secret");
            if (!SecretNames(context).Contains(secret, StringComparer.Ordinal))
            {
                context.Add(reader.At("use"), $"The secret '{secret}' is not listed under use.secrets.", Nearest.Hint(secret, SecretNames(context)));
            }
            return new AuthenticationRule(scheme, null, secret);
        }
        string[] required = scheme switch { "basic" or "digest" => ["username", "password"], "bearer" => ["token"], _ => ["authority", "grant"] };
        string[] optional = scheme is "oauth2" or "oidc"
            ? ["client", "request", "issuers", "scopes", "audiences", "username", "password", "subject", "actor", .. scheme == "oauth2" ? ["endpoints"] : Array.Empty<string>()]
            : [];
        var properties = new JqObject.Builder();
        foreach (var name in required)
        {
            if (reader.Require(name, $"'{scheme}'") is { } value) properties[name] = value;
            reader.TakeScalar(name);
        }
        foreach (var name in optional)
        {
            if (reader.Take(name) is not { } value) continue;
            properties[name] = value;
            if (Parts.TryGetValue(name, out var parts)) Part(name, value, reader.At(name), parts, context);
        }
        reader.Close($"'{scheme}'");
        return new AuthenticationRule(scheme, context.CompileValue(properties.ToObject(), reader.Pointer, variables), null);
    }

    private static void Part(string name, JqValue value, string pointer, string[] parts, ParseContext context)
    {
        if (value.IsString || ObjectReader.Open(value, pointer, context, $"'{name}'") is not { } reader) return;   // a text is an expression that gives the object
        foreach (var part in parts) reader.TakeScalar(part);
        reader.Close($"'{name}'");
    }

    public static IEnumerable<string> SecretNames(ParseContext context) =>
        context.Use.TryGetValue("secrets", out var value) && value.TryGetArray(out var names) ? names.Where(name => name.IsString).Select(name => name.AsString()) : [];

    private static SchemaRule? Schema(ObjectReader parent, ParseContext context)
    {
        if (parent.Take("schema") is not { } value || ObjectReader.Open(value, parent.At("schema"), context, "'schema'") is not { } reader) return null;
        if (reader.TakeText("format") is { } format && format != "json" && !format.StartsWith("json:", StringComparison.Ordinal))
        {
            context.Add(reader.At("format"), $"The schema format '{format}' is not known here.", "Use json (JSON Schema 2020-12).");
        }
        if (reader.Has("document") == reader.Has("resource")) context.Add(reader.Pointer, "A schema has either 'document' or 'resource'.", "Write the schema below 'document:'.");
        SchemaRule? rule = null;
        if (reader.Take("document") is { } document) rule = new SchemaRule(Compile(document, reader.At("document"), context), null);
        else if (reader.Has("resource")) rule = new SchemaRule(null, Resource(reader, "resource", "A schema", context, VariableNames.Runtime));
        reader.Close("A schema");
        return rule;
    }

    private static JsonSchema? Compile(JqValue schema, string pointer, ParseContext context)
    {
        try
        {
            return JsonSchema.Compile(schema);
        }
        catch (JsonSchemaException e)
        {
            foreach (var problem in e.Problems) context.Add(pointer + problem.SchemaPointer, $"This is no JSON Schema: {problem.Message}", "Mend the schema (JSON Schema 2020-12).");
            return null;
        }
    }

    private static Template? Transform(ObjectReader reader, string name, ParseContext context, VariableNames variables)
    {
        if (reader.Take(name) is not { } value) return null;
        if (value.TryGetString(out var source)) return context.Compile(source, reader.At(name), variables) is { } expression ? Template.Of(expression) : null;
        if (value.IsObject) return context.CompileValue(value, reader.At(name), variables);
        context.Add(reader.At(name), $"'{name}' is an expression or an object, not {ObjectReader.Describe(value)}.", "Write a jq expression.");
        return null;
    }

    /// <summary>RFC 3986, appendix B, and not empty.</summary>
    [GeneratedRegex(@"^\S(([^:/?#]+):)?(//([^/?#\s]*))?([^?#\s]*)(\?([^#\s]*))?(#(\S*))?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex UriReference();
}
