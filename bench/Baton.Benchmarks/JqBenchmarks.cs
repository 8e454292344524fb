using System.Text.Json;
using Baton.Jq;
using BenchmarkDotNet.Attributes;

namespace Baton.Benchmarks;

/// <summary>Programs on values that are parsed already, and parsing and writing by themselves.</summary>
[MemoryDiagnoser]
public class JqBenchmarks
{
    private static readonly JqProgram Path = JqProgram.Compile(".a.b[0]");
    private static readonly JqProgram Filter = JqProgram.Compile("map(select(.active and .n > 500))");
    private static readonly JqProgram Text = JqProgram.Compile("""map("\(.id): \(.name)") | join("\n")""");
    private static readonly JqProgram Histogram = JqProgram.Compile("reduce .[] as $r ({}; .[$r.address.city] += 1)");
    private static readonly JqProgram Recursive = JqProgram.Compile("[recurse | numbers] | length");

    private readonly JqValue small = JqValue.Parse("""{"a":{"b":[1,2,3],"c":null},"d":"x"}""");
    private readonly byte[] json = Records.Make();
    private JqValue records;

    [GlobalSetup]
    public void Setup() => records = JqValue.Parse(json);

    [Benchmark(Description = ".a.b[0]")]
    public JqValue RunPath() => Path.RunSingle(small);

    [Benchmark(Description = "map(select(.active and .n > 500))")]
    public JqValue RunFilter() => Filter.RunSingle(records);

    [Benchmark(Description = """map("\(.id): \(.name)") | join("\n")""")]
    public JqValue RunText() => Text.RunSingle(records);

    [Benchmark(Description = "reduce .[] as $r ({}; .[$r.address.city] += 1)")]
    public JqValue RunHistogram() => Histogram.RunSingle(records);

    [Benchmark(Description = "[recurse | numbers] | length")]
    public JqValue RunRecursive() => Recursive.RunSingle(records);

    [Benchmark(Description = "parse")]
    public JqValue Parse() => JqValue.Parse(json);

    [Benchmark(Description = "parse with JsonDocument, for comparison")]
    public int ParseDocument()
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetArrayLength();
    }

    [Benchmark(Description = "write")]
    public int Write() => records.ToUtf8Bytes().Length;

    [Benchmark(Description = "compile map(select(.active and .n > 500))")]
    public JqProgram Compile() => JqProgram.Compile("map(select(.active and .n > 500))");
}
