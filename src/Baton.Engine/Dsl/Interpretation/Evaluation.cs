using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Dsl.Parsing;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Turns the rules of one call into a request: every expression evaluated, every value checked.</summary>
internal sealed partial class Evaluation(IWorkflowEffects host, TenantId tenant, JqValue input, Scope scope, string pointer)
{
    public EffectRequest Http(HttpRule rule)
    {
        var authentication = Authentication(rule.Endpoint.Authentication);
        var inner = Authorized(authentication);
        return new EffectRequest.Http(
            Text(rule.Method, inner, "method").ToUpperInvariant(), Address(rule.Endpoint, inner), Texts(rule.Headers, inner, "headers"), Values(rule.Query, inner, "query"),
            rule.Body?.Evaluate(input, inner, pointer), Output(rule.Output), rule.AcceptRedirects, authentication);
    }

    public EffectRequest OpenApi(TaskNode.CallOpenApi call)
    {
        var authentication = Authentication(call.Authentication);
        var inner = Authorized(authentication);
        return new EffectRequest.OpenApi(Resource(call.Document), Text(call.OperationId, inner, "operationId"), Values(call.Parameters, inner, "parameters"), Output(call.Format), call.AcceptRedirects, authentication);
    }

    public EffectRequest Process(ProcessRule rule) => new EffectRequest.Process(
        rule.Language is null ? null : Text(rule.Language, scope, "language"),
        rule.Code is null ? null : Text(rule.Code, scope, "code"),
        rule.Source is null ? null : Resource(rule.Source),
        [.. rule.Arguments.Select(argument => AsText(argument.Evaluate(input, scope, pointer)))],
        Texts(rule.Environment, scope, "environment"),
        rule.Stdin is null ? null : AsText(rule.Stdin.Evaluate(input, scope, pointer)),
        rule.Return, rule.Await);

    public ResourceReference Resource(Endpoint endpoint)
    {
        var authentication = Authentication(endpoint.Authentication);
        return new ResourceReference(Address(endpoint, Authorized(authentication)), authentication);
    }

    /// <summary>The address, with <c>{name}</c> replaced by properties of the input (RFC 6570, simple string expansion).</summary>
    private Uri Address(Endpoint endpoint, Scope inner)
    {
        var text = Text(endpoint.Uri, inner, "endpoint");
        if (endpoint.IsUriTemplate) text = Placeholder().Replace(text, match => Expand(match.Groups["name"].Value));
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : throw Fault(ErrorTypes.Configuration, $"'{text}' is no absolute URI.");
    }

    private string Expand(string name)
    {
        var value = input[name];
        if (value.IsArray || value.IsObject) throw Fault(ErrorTypes.Expression, $"'{{{name}}}' in the endpoint is {ObjectReader.Describe(value)}; only texts, numbers and booleans can be inserted.");
        return value.IsNull ? "" : Uri.EscapeDataString(AsText(value));
    }

    private HttpOutput Output(Template? template) => template is null ? HttpOutput.Content : Text(template, scope, "output") switch
    {
        "content" => HttpOutput.Content,
        "raw" => HttpOutput.Raw,
        "response" => HttpOutput.Response,
        var other => throw Fault(ErrorTypes.Configuration, $"'output' is content, raw or response, not '{other}'."),
    };

    /// <summary>What the call proves itself with, readable as <c>$authorization</c> where it is sent as a header.</summary>
    private Scope Authorized(Authentication? authentication) => authentication switch
    {
        Dsl.Authentication.Basic basic => scope.WithLazy("authorization", () => Descriptor("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{basic.Username}:{basic.Password}")))),
        Dsl.Authentication.Bearer bearer => scope.WithLazy("authorization", () => Descriptor("Bearer", bearer.Token)),
        _ => scope,
    };

    private static JqValue Descriptor(string scheme, string parameter) => JqValue.Object(("scheme", scheme), ("parameter", parameter));

    private Authentication? Authentication(AuthenticationRule? rule)
    {
        if (rule is null) return null;
        var properties = rule.Secret is { } secret ? Secret(secret) : rule.Properties!.Evaluate(input, scope, pointer);
        return AuthenticationReader.Read(rule.Scheme, properties, message => Fault(ErrorTypes.Configuration, message));
    }

    private JqValue Secret(string name)
    {
        var text = host.FindSecret(tenant, name) ?? throw new WorkflowException(new WorkflowError(ErrorTypes.Authorization, 403, "Unknown secret", $"The secret '{name}' is not set on this server, or not for this tenant.", pointer), ErrorClass.Auth);
        try
        {
            return JqValue.Parse(text, null);
        }
        catch (JqParseException)
        {
            return JqValue.Object(("token", text));   // a bare text serves where one value is all that is needed
        }
    }

    private ImmutableArray<KeyValuePair<string, JqValue>> Values(Template? template, Scope inner, string what)
    {
        if (template is null) return [];
        var value = template.Evaluate(input, inner, pointer);
        if (value.IsNull) return [];
        return value.TryGetObject(out var members) ? [.. members] : throw Fault(ErrorTypes.Expression, $"'{what}' is an object, not {ObjectReader.Describe(value)}.");
    }

    private ImmutableArray<KeyValuePair<string, string>> Texts(Template? template, Scope inner, string what) =>
        [.. Values(template, inner, what).Select(pair => KeyValuePair.Create(pair.Key, AsText(pair.Value)))];

    private string Text(Template template, Scope inner, string what)
    {
        var value = template.Evaluate(input, inner, pointer);
        return value.TryGetString(out var text) ? text : value.IsNull ? throw Fault(ErrorTypes.Expression, $"'{what}' gave nothing.") : AsText(value);
    }

    private static string AsText(JqValue value) => value.TryGetString(out var text) ? text : value.IsNull ? "" : value.ToJson();

    private WorkflowException Fault(string type, string detail) => new(new WorkflowError(type, 400, type == ErrorTypes.Expression ? "Expression Error" : "Configuration Error", detail, pointer), ErrorClass.DataValidation);

    [GeneratedRegex(@"\{(?<name>[^{}\s]+)\}", RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();
}

/// <summary>Reads the properties of an authentication, whether they stood in the document or in a secret.</summary>
internal static class AuthenticationReader
{
    public static Authentication Read(string scheme, JqValue properties, Func<string, WorkflowException> fault)
    {
        return scheme switch
        {
            "basic" => new Authentication.Basic(Required("username"), Required("password")),
            "digest" => new Authentication.Digest(Required("username"), Required("password")),
            "bearer" => new Authentication.Bearer(Required("token")),
            _ => OAuth2(),
        };

        string Required(string name) => Optional(properties, name) ?? throw fault($"The {scheme} authentication needs '{name}'.");

        Authentication.OAuth2 OAuth2()
        {
            var client = properties["client"];
            var authority = Required("authority");
            return new Authentication.OAuth2(
                Uri.TryCreate(authority, UriKind.Absolute, out var uri) ? uri : throw fault($"The authority '{authority}' is no absolute URI."), scheme == "oidc",
                Optional(properties["endpoints"], "token") ?? "/oauth2/token", Required("grant"), Optional(client, "id"), Optional(client, "secret"), Optional(client, "assertion"),
                Optional(client, "authentication") ?? "client_secret_post", Optional(properties["request"], "encoding") == "application/json",
                List("scopes"), List("audiences"), List("issuers"), Optional(properties, "username"), Optional(properties, "password"), Token("subject"), Token("actor"));
        }

        ImmutableArray<string> List(string name) => properties[name].TryGetArray(out var items) ? [.. items.Select(item => item.ToString().Trim('"'))] : [];

        OAuth2Token? Token(string name) => properties[name] is { IsObject: true } token && Optional(token, "token") is { } text ? new OAuth2Token(text, Optional(token, "type") ?? "urn:ietf:params:oauth:token-type:access_token") : null;
    }

    private static string? Optional(JqValue of, string name)
    {
        if (!of.TryGetObject(out var members) || !members.TryGetValue(name, out var value) || value.IsNull) return null;
        return value.TryGetString(out var text) ? text : value.TryGetDouble(out var number) ? number.ToString(CultureInfo.InvariantCulture) : value.ToJson();
    }
}
