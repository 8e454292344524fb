namespace Baton.Server.Gateway;

/// <summary>How much to think, in the words and in the tokens of the dialects.</summary>
internal static class Efforts
{
    /// <summary>Tokens to think with for each word; the least is what Anthropic takes.</summary>
    public const long LeastTokens = 1024, LowTokens = 2048, MediumTokens = 8192, HighTokens = 24_576;

    public static long Tokens(Effort effort) => effort switch { Effort.Minimal => LeastTokens, Effort.Low => LowTokens, Effort.Medium => MediumTokens, _ => HighTokens };

    /// <summary>OpenAI's word; the highest one is known to few of its models, so it becomes the next.</summary>
    public static string OpenAi(Effort effort) => effort switch { Effort.None => "none", Effort.Minimal => "minimal", Effort.Low => "low", Effort.Medium => "medium", _ => "high" };

    /// <summary>The words that Anthropic and Ollama share.</summary>
    public static string Common(Effort effort) => effort switch { Effort.Minimal or Effort.Low => "low", Effort.Medium => "medium", _ => "high" };
}
