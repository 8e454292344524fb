using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Jq.Tests;

/// <summary>Random programs: none may crash, hang, or depend on how it is run.</summary>
public sealed class FuzzTests
{
    private static readonly JqLimits Limits = new(Steps: 20_000, Depth: 1_000, Size: 100_000) { RegexTime = TimeSpan.FromMilliseconds(50) };

    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(3_000).WithEndSize(60);

    [Fact]
    public void No_program_crashes_and_the_machine_alone_gives_the_same() => Prop.ForAll(
        RandomPrograms.Arbitrary, RandomValues.Arbitrary, (source, input) =>
        {
            if (!JqProgram.TryCompile(source, [], out var program, out _)) return true;
            var trees = Programs.Outcome(program, input, Limits);
            var machine = Programs.Outcome(JqProgram.CompileForMachine(source), input, Limits);
            // The two ways cost different numbers of steps, so one may reach a limit where the other does not.
            if (trees.Contains("limit: ", StringComparison.Ordinal) || machine.Contains("limit: ", StringComparison.Ordinal)) return true;
            Assert.Equal(trees, machine);
            return true;
        }).Check(Config);

    /// <summary>What this property has found, kept: the seeds of its runs are never the same.</summary>
    [Theory]
    [InlineData("path(-(2 | .[0]))", "Invalid path expression near attempt to access element 0 of 2")]
    [InlineData("path(-(first(2, 3) | .[0]))", "Invalid path expression near attempt to access element 0 of 2")]
    [InlineData("path(-(-1 | until(. > 1; . + 1) | .[0]))", "Invalid path expression near attempt to access element 0 of 2")]
    [InlineData("[0] | (-(.[0])) |= 2", "Invalid path expression with result -0")]
    public void Both_ways_tell_a_path_from_a_value_behind_a_minus(string source, string error)
    {
        foreach (var program in new[] { JqProgram.Compile(source), JqProgram.CompileForMachine(source) }) Assert.Contains(error, Programs.Outcome(program, 1, Limits), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_program_is_refused_as_such() => Prop.ForAll(
        Gen.Choose(0, 127).Select(code => (char)code).ArrayOf().Select(text => new string(text)).ToArbitrary(),
        RandomPrograms.Arbitrary, Gen.Choose(0, 1_000).ToArbitrary(),
        (noise, source, at) =>
        {
            foreach (var text in (string[])[noise, source.Insert(at % (source.Length + 1), noise), source[..(at % (source.Length + 1))]])
            {
                if (JqProgram.TryCompile(text, [], out var program, out var error))
                {
                    Programs.Outcome(program, 1, Limits);
                }
                else
                {
                    Assert.InRange(error.Offset, 0, text.Length);
                    Assert.NotEmpty(error.Excerpt);
                }
            }
        }).Check(Config);

    [Fact]
    public void What_is_no_pattern_is_refused_as_such() => Prop.ForAll(
        RandomPrograms.Pattern.ToArbitrary(), Gen.Elements("", "g", "gi", "x", "gn", "l", "s", "p").ToArbitrary(),
        Gen.Elements("", "abc", "a1b2", "aaa\nbbb", "é😀x", "foo bar foo").ToArbitrary(),
        (pattern, flags, text) =>
        {
            Programs.Outcome(JqProgram.Compile("[match(.[0]; .[1])]"), JqValue.Array(pattern, flags), Limits);
            var program = JqProgram.Compile(". as [$t, $p, $f] | $t | [match($p; $f)], [splits($p; $f)], [scan($p; $f)], test($p; $f), gsub($p; \"<\\(.)>\"; $f)");
            Programs.Outcome(program, JqValue.Array(text, pattern, flags), Limits);
        }).Check(Config.WithMaxTest(1_000));

    [Fact]
    public void No_bytes_crash_the_parsers() => Prop.ForAll(
        Gen.Choose(0, 255).Select(code => (byte)code).ArrayOf().ToArbitrary(), RandomValues.Arbitrary, Gen.Choose(0, 1_000).ToArbitrary(),
        (noise, value, at) =>
        {
            var json = value.ToUtf8Bytes();
            byte[] broken = [.. json.AsSpan(0, at % (json.Length + 1)), .. noise, .. json.AsSpan(at % (json.Length + 1))];
            try
            {
                _ = JqValue.Parse(broken);
            }
            catch (JqParseException error)
            {
                Assert.InRange(error.Offset, 0, broken.Length);
            }
            Programs.Outcome(JqProgram.Compile("fromjson"), Encoding.UTF8.GetString(broken), Limits);
        }).Check(Config);
}
