using Baton.Server.PrConfidence;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>Whoever may start a run may have paths read: an operator says which.</summary>
public sealed class LocalPathsTests : IDisposable
{
    private readonly string folder = GitFixture.NewFolder();

    public LocalPathsTests()
    {
        Directory.CreateDirectory(At("open/repo"));
        Directory.CreateDirectory(At("closed/repo"));
        Directory.CreateDirectory(At("open-too"));
        Directory.CreateSymbolicLink(At("open/way-out"), At("closed"));
        Directory.CreateSymbolicLink(At("link-to-open"), At("open"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string path) => Path.Combine(folder, path);

    private string? Refuse(string path, bool isLoopbackOnly = false, params string[]? roots) =>
        new LocalPaths(Options.Create(new PrConfidenceOptions { Roots = roots is { Length: > 0 } ? [.. roots.Select(At)] : null }), isLoopbackOnly).Refuse(path);

    [Fact]
    public void Every_path_is_open_on_a_server_that_only_this_machine_reaches() => Assert.Null(Refuse(At("closed/repo"), isLoopbackOnly: true));

    [Fact]
    public void No_path_is_open_on_another_server_without_roots() => Expect.Contains("PrConfidence:Roots opens no folder", Refuse(At("open/repo"))!);

    [Theory]
    [InlineData("open")]
    [InlineData("open/repo")]
    [InlineData("open/../open/repo")]
    [InlineData("link-to-open/repo")]
    public void What_lies_in_a_root_is_open(string path) => Assert.Null(Refuse(At(path), roots: "open"));

    [Theory]
    [InlineData("closed/repo")]
    [InlineData("open/../closed/repo")]
    [InlineData("open/way-out/repo")]
    [InlineData("open-too")]
    [InlineData("open/not-there")]
    public void What_really_lies_elsewhere_is_not(string path) => Expect.Contains("does not lie below a folder of PrConfidence:Roots", Refuse(At(path), roots: "open")!);

    [Fact]
    public void Roots_bind_on_loopback_too() => Assert.NotNull(Refuse(At("closed/repo"), isLoopbackOnly: true, "open"));

    [Fact]
    public void A_relative_path_is_refused_because_it_would_mean_another_folder_there() => Expect.Contains("give an absolute path", Refuse("repo", isLoopbackOnly: true)!);

    [Fact]
    public void Relative_roots_are_refused_at_the_start() =>
        Expect.Contains("must hold absolute paths", new PrConfidenceOptionsRules().Validate(null, new PrConfidenceOptions { Roots = ["src"] }).FailureMessage!);
}
