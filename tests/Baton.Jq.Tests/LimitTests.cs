using System.Diagnostics;

namespace Baton.Jq.Tests;

public sealed class LimitTests
{
    [Theory]
    [InlineData("[range(infinite)]")]
    [InlineData("last(range(infinite))")]
    [InlineData("def f: f; f")]
    [InlineData("def f: 1 + f; f")]
    [InlineData("def f: f, 1; f")]
    [InlineData("def f: f | f; f")]
    [InlineData("def f(g): f(g | g); f(.)")]
    [InlineData("def f(g): f(f(g)); f(.)")]
    [InlineData("[limit(1e9; repeat(1))]")]
    [InlineData("reduce repeat(1) as $x (0; . + $x)")]
    [InlineData("reduce range(1e9) as $i (\"\"; . + \"xxxxxxxxxxxxxxxx\")")]
    [InlineData("reduce range(1e9) as $i ([]; . + [$i])")]
    [InlineData("reduce range(1e9) as $i ({}; .[$i | tostring] = $i)")]
    [InlineData("reduce range(1e9) as $i (\"x\"; . + .)")]
    [InlineData("reduce range(1e9) as $i ([1]; . + .)")]
    [InlineData("\"x\" * 1e9")]
    [InlineData("reduce range(1e9) as $i (\"x\"; . * 2)")]
    [InlineData("until(false; .)")]
    [InlineData("until(false; . + 1)")]
    [InlineData("[while(true; .)]")]
    [InlineData("[recurse(.)]")]
    [InlineData("[recurse([.])]")]
    [InlineData("label $f | def g: g; g, break $f")]
    [InlineData("[.[1e9]?, 1] | .[1e8] = 1")]
    [InlineData(".[400000000] = 1")]
    [InlineData("setpath([range(9999) | 5000]; 1)")]
    [InlineData("[range(1e6)] | [.[], .[], .[], .[], .[], .[], .[], .[], .[], .[], .[]] | sort_by(.)")]
    [InlineData("[range(1e5)] as $a | [range(1e5) | $a] | sort")]
    [InlineData("reduce range(60) as $i ([0]; [., .]) | tojson")]
    [InlineData("reduce range(60) as $i ([0]; [., .]) | . as $x | (reduce range(60) as $i ([0]; [., .])) == $x")]
    [InlineData("reduce range(60) as $i ([0]; [., .]) | [..] | length")]
    [InlineData("reduce range(60) as $i ([0]; [., .]) | flatten | length")]
    [InlineData("reduce range(60) as $i ([0]; [., .])")]
    [InlineData("reduce range(60) as $i ({}; {a: ., b: .}) | . * .")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | explode] | length")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | split(\",\")] | length")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | ascii_downcase] | length")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | @base64] | length")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | test(\"zzz\")] | length")]
    [InlineData("[range(1e5) | tostring] | join(\",\") | [range(1e9) as $i | length] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | index(-1)] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | keys] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | . - [-1]] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | .[0] = 1] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | implode] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | to_entries] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | min] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | add] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | @csv] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | tojson] | length")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | try error(.) catch 1] | length | error")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | try (. + 1) catch length] | length")]
    [InlineData("\"\\([range(1e6)])\" | [range(1e9) as $i | \"\\(.)\\(.)\"] | length")]
    [InlineData("[range(20)] | [combinations(20)]")]
    [InlineData("input_line_number as $x | [range(1e9) | strftime(\"%c%c%c%c\")] | length")]
    public void A_program_that_never_ends_is_stopped_with_a_clear_error(string program)
    {
        // A tenth of the default, so that the whole list takes seconds.
        var limits = new JqLimits(Steps: 1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        var error = Assert.Throws<JqLimitException>(() => JqProgram.Compile(program).Run(JqValue.Null, [], limits).Count());
        var took = Stopwatch.GetElapsedTime(started);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(error.Limit is "Steps" or "Depth" or "Size" or "RegexTime", error.Limit);
        Assert.Contains($"{nameof(JqLimits)}.{error.Limit}", error.Message, StringComparison.Ordinal);
        Assert.True(took < TimeSpan.FromMinutes(1), $"took {took}");   // far from never, on any machine
        Assert.True(allocated < 500_000_000, $"allocated {allocated:N0} bytes");
        TestContext.Current.TestOutputHelper?.WriteLine($"{took.TotalMilliseconds:0} ms, {allocated / 1_000_000} MB, {error.Message}");
    }

    [Theory]
    [InlineData("[range(infinite)]")]
    [InlineData("def f: 1 + f; f")]
    [InlineData("def f(g): f(f(g)); f(.)")]
    [InlineData("reduce range(1e9) as $i (\"x\"; . + .)")]
    [InlineData("until(false; .)")]
    [InlineData("[range(1e5)] | [range(1e9) as $i | to_entries]")]
    public void The_default_limits_keep_time_and_memory_within_reason(string program)
    {
        var started = Stopwatch.GetTimestamp();
        Assert.Throws<JqLimitException>(() => JqProgram.Compile(program).RunSingle(JqValue.Null));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"^(a+)+$\")")]
    [InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"(?=^(a+)+$)\")")]
    [InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"^(a|aa)+\\\\1?$\")")]
    [InlineData("\"a\" * 100000 | test(\"(a{1,1000}){1,1000}(a{1,1000}){1,1000}b\")")]
    [InlineData("\"a\" * 100000 | [match(\"a*?b|a\"; \"g\")] | length")]
    [InlineData("\"(\" * 10000 + \")\" * 10000 | test(.)")]
    [InlineData("[range(100000) | tostring | . as $p | \"x\" | test($p)] | length")]
    public void A_hostile_pattern_ends_soon(string program)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            _ = JqProgram.Compile(program).Run(JqValue.Null, [], new JqLimits(Steps: 1_000_000) { RegexTime = TimeSpan.FromSeconds(0.5) }).Count();
        }
        catch (Exception error) when (error is JqLimitException or JqException)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(error.Message);
        }
        var took = Stopwatch.GetElapsedTime(started);
        TestContext.Current.TestOutputHelper?.WriteLine($"{took.TotalMilliseconds:0} ms");
        Assert.True(took < TimeSpan.FromSeconds(10), $"took {took}");
    }
}
