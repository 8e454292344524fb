using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Dsl;

/// <summary>
/// What a workflow document may do to the world, as its host offers it. All expressions are evaluated, all references resolved;
/// what comes in may hold secrets and never stands in the journal, only what comes out does.
/// </summary>
public interface IWorkflowEffects
{
    /// <summary>Performs one effect.</summary>
    /// <exception cref="WorkflowException">It failed in a way that a workflow can tell apart.</exception>
    Task<JqValue> PerformAsync(EffectRequest request, StepContext step);

    /// <summary>A function that documents may call by name, or null.</summary>
    WorkflowFunction? FindFunction(string name);

    /// <summary>Names of all functions, for messages.</summary>
    IEnumerable<string> FunctionNames { get; }

    /// <summary>The error policies that documents may name, and the one that applies to all, if any.</summary>
    PolicyCatalog Policies => PolicyCatalog.BuiltIn;

    /// <summary>The secret of this name as its text, or null when there is none that this tenant may use.</summary>
    string? FindSecret(TenantId tenant, string name);
}

/// <summary>A function that a host adds to the language: <c>call: name</c> with the given arguments.</summary>
/// <param name="Summary">One line for people.</param>
/// <param name="Parameters">What <c>with</c> may hold; anything else is refused when a document is registered.</param>
public sealed record WorkflowFunction(string Name, string Summary, ImmutableArray<FunctionParameter> Parameters);

/// <param name="Description">What it means, with unit, range and default.</param>
public sealed record FunctionParameter(string Name, bool IsRequired, string Description);

/// <summary>An effect to perform: a closed set.</summary>
public abstract record EffectRequest
{
    private EffectRequest() { }

    /// <summary>Its kind only: addresses, headers, bodies, scripts and prompts may hold what no log may.</summary>
    public sealed override string ToString() => $"{GetType().Name} effect";

    /// <param name="Uri">Absolute, http or https.</param>
    /// <param name="Body">Sent as JSON, or as it is when it is a string and the content type is not JSON; null for none.</param>
    /// <param name="AcceptRedirects">True when an answer of 300 to 399 is a success.</param>
    public sealed record Http(string Method, Uri Uri, ImmutableArray<KeyValuePair<string, string>> Headers, ImmutableArray<KeyValuePair<string, JqValue>> Query,
        JqValue? Body, HttpOutput Output, bool AcceptRedirects, Authentication? Authentication) : EffectRequest;

    /// <param name="Document">Where the OpenAPI (3.x, or Swagger 2.0) document stands.</param>
    public sealed record OpenApi(ResourceReference Document, string OperationId, ImmutableArray<KeyValuePair<string, JqValue>> Parameters,
        HttpOutput Output, bool AcceptRedirects, Authentication? Authentication) : EffectRequest;

    /// <param name="Language">Null for a shell command, else the language of the script: "js" or "python".</param>
    /// <param name="Code">The command, or the script's text.</param>
    /// <param name="Source">Where the script's text stands instead.</param>
    public sealed record Process(string? Language, string? Code, ResourceReference? Source, ImmutableArray<string> Arguments,
        ImmutableArray<KeyValuePair<string, string>> Environment, string? Stdin, ProcessReturn Return, bool Await) : EffectRequest;

    public sealed record Function(string Name, JqValue Arguments) : EffectRequest;

    /// <summary>Finds a workflow to run: gives <c>{ version }</c>, for "latest" the newest.</summary>
    public sealed record FindWorkflow(string Namespace, string Name, string Version) : EffectRequest;

    /// <summary>Keeps an output for a later <see cref="Recall"/> of the same task with the same input.</summary>
    public sealed record Remember(TaskInput Of, JqValue Output) : EffectRequest;

    /// <summary>The newest output that was kept: <c>{ output, at }</c>, at in milliseconds since 1970; null when there is none.</summary>
    public sealed record Recall(TaskInput Of) : EffectRequest;

    /// <summary>Reads a resource as JSON or YAML: an external schema, a function of a catalog.</summary>
    public sealed record Fetch(ResourceReference Resource) : EffectRequest;
}

/// <summary>A task of a workflow, in any version, and what it was given.</summary>
/// <param name="Task">JSON pointer of the task.</param>
/// <param name="Hash">SHA-256 of the task's input and of what it asked for, in hexadecimal digits.</param>
public sealed record TaskInput(string Namespace, string Workflow, string Task, string Hash);

public sealed record ResourceReference(Uri Uri, Authentication? Authentication);

/// <summary>What an HTTP call gives its workflow.</summary>
public enum HttpOutput
{
    /// <summary>The body, as JSON where it is JSON, as text where it is text, else in base64.</summary>
    Content,

    /// <summary>The body in base64.</summary>
    Raw,

    /// <summary>request {method, uri, headers}, statusCode, headers, content. Without the credentials that were sent.</summary>
    Response,
}

/// <summary>What a process gives its workflow.</summary>
public enum ProcessReturn
{
    Stdout,
    Stderr,
    Code,
    All,
    None,
}

/// <summary>How a call proves who makes it: a closed set, with its secrets in it.</summary>
public abstract record Authentication
{
    private Authentication() { }

    /// <summary>Never the secrets.</summary>
    public sealed override string ToString() => $"{GetType().Name} authentication";

    public sealed record Basic(string Username, string Password) : Authentication;

    public sealed record Bearer(string Token) : Authentication;

    public sealed record Digest(string Username, string Password) : Authentication;

    /// <param name="IsOidc">True when endpoints are discovered at <c>/.well-known/openid-configuration</c>.</param>
    /// <param name="TokenPath">Relative to the authority.</param>
    /// <param name="ClientAuthentication">client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt or none.</param>
    /// <param name="JsonEncoding">True to send the token request as JSON instead of as a form.</param>
    public sealed record OAuth2(Uri Authority, bool IsOidc, string TokenPath, string Grant, string? ClientId, string? ClientSecret, string? ClientAssertion,
        string ClientAuthentication, bool JsonEncoding, ImmutableArray<string> Scopes, ImmutableArray<string> Audiences, ImmutableArray<string> Issuers,
        string? Username, string? Password, OAuth2Token? Subject, OAuth2Token? Actor) : Authentication;
}

public sealed record OAuth2Token(string Token, string Type)
{
    /// <summary>Never the token.</summary>
    public override string ToString() => $"OAuth2 token of the type {Type}";
}
