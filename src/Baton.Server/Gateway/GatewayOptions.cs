using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>The language models that this server may ask. What is not written here is never called, whatever keys the environment holds.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>
    /// Models by the name that callers say, such as <c>gpt-4o-mini</c> or <c>local/qwen</c>. Upper and lower case do not matter. Names that
    /// begin with <c>baton/</c> are the built-in ones. A colon cannot stand in a name: it divides settings; say it in <see cref="ModelOptions.Model"/>.
    /// </summary>
    public Dictionary<string, ModelOptions> Models { get; set; } = [];

    /// <summary>The model of a request that names none. Default: <c>baton/extract</c>, which needs no provider.</summary>
    public string? DefaultModel { get; set; }

    /// <summary>Largest answer that is taken, in bytes of the response with its frames. Default 32 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxResponseBytes { get; set; } = 32 << 20;
}

/// <summary>One model behind an OpenAI-compatible API.</summary>
internal sealed class ModelOptions
{
    public const string DefaultKeyHeader = "Authorization";

    /// <summary>Where the API begins, as <c>https://api.openai.com/v1</c>: <c>/chat/completions</c> is put behind its path, its query is kept.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>What the upstream calls the model. Default: the name that callers say.</summary>
    public string? Model { get; set; }

    /// <summary>No place for a key: set, it stops the server. Keys come from the environment or from files.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The environment variable that holds the key. Default: no key is sent.</summary>
    public string? ApiKeyVariable { get; set; }

    /// <summary>A file that holds nothing but the key. It is read for every call, so a key can be changed while the server runs.</summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>The header that carries the key: <c>Authorization</c> (the default) as a bearer token, any other as it is, such as <c>api-key</c>.</summary>
    public string ApiKeyHeader { get; set; } = DefaultKeyHeader;

    /// <summary>Further headers of every call. Credentials do not belong here.</summary>
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>Longest duration of one call, from its start to the last byte; a repair is a second call. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Longest wait for the first byte of an answer, connecting included. Default 2 minutes: models that think first are silent for long.
    /// Without <see cref="Stream"/> this is the time for the whole answer.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest silence between two bytes of an answer. Default 100 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Most tokens of one answer: requests that ask for more, or say nothing, get this. Default: what the request says.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxOutputTokens { get; set; }

    /// <summary>The member that carries the most tokens of an answer: <c>max_tokens</c>, or <c>max_completion_tokens</c> for models that demand it.</summary>
    [AllowedValues("max_tokens", "max_completion_tokens")]
    public string MaxTokensField { get; set; } = "max_tokens";

    /// <summary>Whether answers are asked for as a stream, so that silence is noticed. Default true; false for an upstream that cannot.</summary>
    public bool Stream { get; set; } = true;

    /// <summary>
    /// How the upstream is told of a schema; the answer is validated here in every case. <c>json_schema</c> (the default): <c>response_format</c> with
    /// the schema, strict where it lies in the subset that strict upstreams take. <c>json_object</c>: <c>response_format</c> asks for an object, a system
    /// message states the schema. <c>prompt</c>: only a system message states it.
    /// </summary>
    [AllowedValues("json_schema", "json_object", "prompt")]
    public string StructuredOutput { get; set; } = "json_schema";
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
