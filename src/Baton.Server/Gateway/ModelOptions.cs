using System.ComponentModel.DataAnnotations;

namespace Baton.Server.Gateway;

/// <summary>One place that answers for a model: where it is, and what it wants to hear.</summary>
internal class TargetOptions
{
    /// <summary>Where the API begins, as <c>https://api.openai.com/v1</c> or <c>https://api.anthropic.com/v1</c>: <c>/chat/completions</c> or what else is put behind its path, its query is kept.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>What is spoken there: <c>openai</c> (the default; most hosts do), <c>anthropic</c> or <c>ollama</c> (its own <c>/api/chat</c>). Requests in another dialect are translated.</summary>
    [AllowedValues("openai", "anthropic", "ollama")]
    public string Dialect { get; set; } = "openai";

    /// <summary>Whether a target that speaks OpenAI's dialect has <c>/responses</c>. Default true; where it has none, requests to it are put into chat completions.</summary>
    public bool Responses { get; set; } = true;

    /// <summary>What headers and logs call the target. Default: host and port.</summary>
    public string? Name { get; set; }

    /// <summary>What the upstream calls the model. Default: the name that callers say.</summary>
    public string? Model { get; set; }

    /// <summary>Its share of the requests, for the strategies that look at it; 0 drains it, whatever the strategy. Default 1.</summary>
    [Range(0.0, 1000.0)]
    public double Weight { get; set; } = 1;

    /// <summary>As many requests may be under way at it, on each node: above that it is passed over. Default: any number.</summary>
    [Range(1, 1_000_000)]
    public int? MaxConcurrency { get; set; }

    /// <summary>True to give it no new requests, before it is taken away; those under way end in peace. Default false.</summary>
    public bool Drain { get; set; }

    /// <summary>Which requests it serves. Default: all.</summary>
    public WhenOptions? When { get; set; }

    /// <summary>
    /// The engine of a host of one's own, to be asked how it is: <c>vllm</c> at <c>/metrics</c>, for the load of all who use it; <c>ollama</c> at <c>/api/ps</c>, for the models
    /// that it has loaded. Default: it is not asked.
    /// </summary>
    [AllowedValues(null, "vllm", "ollama")]
    public string? Engine { get; set; }

    /// <summary>No place for a key: set, it stops the server. Keys come from the environment or from files.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The environment variable that holds the key. Default: no key is sent.</summary>
    public string? ApiKeyVariable { get; set; }

    /// <summary>A file that holds nothing but the key. It is read for every call, so a key can be changed while the server runs.</summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>The header that carries the key: <c>Authorization</c> as a bearer token, any other as it is, such as <c>api-key</c>. Default: <c>Authorization</c>, for Anthropic <c>x-api-key</c>.</summary>
    public string? ApiKeyHeader { get; set; }

    /// <summary>Further headers of every call. Credentials do not belong here.</summary>
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>Whether streams are asked to tell their usage (<c>stream_options.include_usage</c>); what they then tell beside what the client asked for is not passed on. Default true; false for a target that refuses requests with <c>stream_options</c>: usage is estimated.</summary>
    public bool StreamUsage { get; set; } = true;

    /// <summary>
    /// How it is told to go on with an answer that another target has begun and broken off: <c>assistant</c> (the beginning is the last message: Ollama, models of Anthropic before Claude 4.6),
    /// <c>prefix</c> (with the member <c>prefix</c> in that message: Mistral, DeepSeek) or <c>continue_final_message</c> (vLLM, SGLang). Default: it is not asked to.
    /// </summary>
    [AllowedValues(null, "assistant", "prefix", "continue_final_message")]
    public string? Prefill { get; set; }

    /// <summary>What it costs. Default: what the price table says of its <see cref="Model"/>; nothing where that says nothing.</summary>
    public PriceOptions? Price { get; set; }
}

/// <summary>One model: a target, or several that stand for each other.</summary>
internal sealed class ModelOptions : TargetOptions
{
    /// <summary>The targets, where there are several; then none of the settings of a target stand beside them. At most 64.</summary>
    public List<TargetOptions> Targets { get; set; } = [];

    /// <summary>
    /// Which target is asked first: <c>round_robin</c> (the default), <c>random</c>, <c>weighted</c> (by chance, as their weights are), <c>least_loaded</c> (fewest requests
    /// under way for its weight), <c>latency</c> (of two by chance, the one that is expected to answer sooner), <c>prefix_affine</c> (all requests of a conversation at one target, while it
    /// has no more than its share) or <c>priority</c> (in their order). The others follow should it fail.
    /// </summary>
    [AllowedValues("round_robin", "random", "weighted", "least_loaded", "latency", "prefix_affine", "priority")]
    public string Strategy { get; set; } = "round_robin";

    /// <summary>With <c>prefix_affine</c>: how many times its fair share a target may have under way before it passes requests on. Default 1.25.</summary>
    [Range(1.0, 100.0)]
    public double LoadBound { get; set; } = 1.25;

    /// <summary>How often all targets are asked again once all have failed with something that may pass, after a wait that doubles. Default 1.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 1;

    /// <summary>
    /// When a second target is asked beside one that has not begun to answer: a time, or <c>p95</c> for the time within which 95 % of this model's answers begin. The first answer counts,
    /// the other call is cancelled. At most for one request in twenty. Default: never.
    /// </summary>
    [RegularExpression(@"p95|0\d:[0-5]\d:[0-5]\d(\.\d{1,7})?", ErrorMessage = "must be p95 or a time below 10 hours, such as 00:00:02.")]
    public string? HedgeAfter { get; set; }

    /// <summary>Models that are asked, in this order, once every target of this one has failed.</summary>
    public List<string> Fallbacks { get; set; } = [];

    /// <summary>Which answers may be given again, to whom else asks the same. Default: none.</summary>
    public ModelCacheOptions? Cache { get; set; }

    /// <summary>Longest duration of one call, from the first target that is asked to the last byte, whichever targets and stand-ins it takes; a repair is a second call. Default 10 minutes.</summary>
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
    /// message states the schema. <c>prompt</c>: only a system message states it. <c>tool</c>, for targets of Anthropic's dialect that know no formats: a tool that must be called.
    /// </summary>
    [AllowedValues("json_schema", "json_object", "prompt", "tool")]
    public string StructuredOutput { get; set; } = "json_schema";

    /// <summary>
    /// How a model of Anthropic is told to think, where a request of another dialect says how much: <c>adaptive</c> (the default: it decides, by the effort that is asked for) or
    /// <c>budget</c> (a number of tokens, which models before Claude 4.6 want).
    /// </summary>
    [AllowedValues("adaptive", "budget")]
    public string Thinking { get; set; } = "adaptive";
}
