using System.Buffers.Text;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Reads what engines tell of themselves.</summary>
internal static class EngineReports
{
    /// <summary>Where an engine tells it, below the host's root.</summary>
    public static string PathOf(string engine) => engine == "ollama" ? "/api/ps" : "/metrics";

    /// <param name="model">What the target calls the model.</param>
    /// <returns>Null where it says nothing of that.</returns>
    public static EngineReport? Read(string engine, ReadOnlySpan<byte> said, string model) => engine == "ollama" ? ReadOllama(said, model) : ReadVllm(said);

    /// <summary>vLLM's metrics, in Prometheus' text format: of several engines in one process the sums, and the fullest cache.</summary>
    private static EngineReport? ReadVllm(ReadOnlySpan<byte> said)
    {
        var (running, waiting, cache, isKnown) = (0.0, 0.0, 0.0, false);
        foreach (var range in said.Split((byte)'\n'))
        {
            var line = said[range];
            if (!line.StartsWith("vllm:"u8)) continue;
            var name = line[..(line.IndexOfAny((byte)'{', (byte)' ') is >= 0 and var end ? end : line.Length)];
            var isRunning = name.SequenceEqual("vllm:num_requests_running"u8);
            var isWaiting = name.SequenceEqual("vllm:num_requests_waiting"u8);
            if (!isRunning && !isWaiting && !name.SequenceEqual("vllm:kv_cache_usage_perc"u8) && !name.SequenceEqual("vllm:gpu_cache_usage_perc"u8)) continue;
            var text = line[(line.LastIndexOf((byte)'}') is >= 0 and var brace ? brace + 1 : name.Length)..].TrimStart((byte)' ');
            if (!Utf8Parser.TryParse(text, out double value, out _) || !double.IsFinite(value) || value < 0) continue;
            if (isRunning) running += value;
            else if (isWaiting) waiting += value;
            else cache = Math.Max(cache, Math.Min(value, 1));
            isKnown |= isRunning;
        }
        return isKnown ? new EngineReport(running, waiting, cache, IsWarm: null) : null;
    }

    /// <summary>Ollama's list of models that are loaded; a name without a tag means <c>latest</c>.</summary>
    private static EngineReport? ReadOllama(ReadOnlySpan<byte> said, string model)
    {
        JqValue answer;
        try
        {
            answer = JqValue.Parse(said);
        }
        catch (JqParseException)
        {
            return null;
        }
        if (!answer.IsObject || !answer["models"].TryGetArray(out var loaded)) return null;
        var isWarm = false;
        foreach (var one in loaded) isWarm |= one.IsObject && (Is(one["name"], model) || Is(one["model"], model));
        return new EngineReport(0, 0, 0, isWarm);

        static bool Is(JqValue name, string model) => name.TryGetString(out var text) && (text == model || text == model + ":latest");
    }
}
