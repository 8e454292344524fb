using System.Text;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class PatchTests
{
    private static List<PatchFile> Parse(string patch) => PatchParser.Parse(Encoding.UTF8.GetBytes(patch), 300);

    [Fact]
    public void A_line_that_looks_like_a_header_is_content_inside_a_hunk()
    {
        var file = Assert.Single(Parse("""
            diff --git a/x b/x
            index 1..2 100644
            --- a/x
            +++ b/x
            @@ -1,2 +1,3 @@ def f():
             diff --git a/y b/y
            --- a/x
            ++++ b/x
            +@@ -1 +1 @@
            \ No newline at end of file
            """.Replace("\r", "", StringComparison.Ordinal)));
        var hunk = Assert.Single(file.Hunks);
        Assert.Equal("def f():", hunk.Section);
        Expect.Texts([" diff --git a/y b/y", "--- a/x", "++++ b/x", "+@@ -1 +1 @@"], hunk.Lines);
    }

    [Fact]
    public void Counts_of_one_are_left_out_and_empty_context_lines_may_be_empty()
    {
        var hunk = Assert.Single(Assert.Single(Parse("diff --git a/x b/x\n@@ -3 +3,2 @@\n\n+b\n")).Hunks);
        Assert.Equal((3, 1, 3, 2), (hunk.OldStart, hunk.OldCount, hunk.NewStart, hunk.NewCount));
        Expect.Texts([" ", "+b"], hunk.Lines);
    }

    [Theory]
    [InlineData("diff --git a/plain b/plain", "plain")]
    [InlineData("diff --git a/a b/a b/a b/a", "a b/a")]
    [InlineData("diff --git \"a/tab\\there\" \"b/tab\\there\"", "tab\there")]
    [InlineData("diff --git \"a/gr\\303\\266\\303\\237e\" \"b/gr\\303\\266\\303\\237e\"", "größe")]
    [InlineData("diff --git \"a/say \\\"hi\\\"\" \"b/say \\\"hi\\\"\"", "say \"hi\"")]
    public void The_path_of_a_header_is_found(string header, string path) => Assert.Equal(path, Assert.Single(Parse(header + "\n")).NewPath);

    [Fact]
    public void Broken_patches_give_what_can_be_read()
    {
        Assert.Empty(Parse("@@ -1 +1 @@\n+x\n"));
        Assert.Empty(Assert.Single(Parse("diff --git a/x b/x\n@@ what @@\n+x\n")).Hunks);
        Expect.Texts(["+cut off"], Assert.Single(Assert.Single(Parse("diff --git a/x b/x\n@@ -0,0 +1,5 @@\n+cut off")).Hunks).Lines);
        Assert.Single(Parse("diff --git a\n"));
    }

    [Fact]
    public void A_log_of_patches_names_the_commit_of_each_file()
    {
        var files = Parse("\u0001aaa\n\ndiff --git a/x b/x\n@@ -0,0 +1 @@\n+\u0001no commit\n\u0001bbb\n\ndiff --git a/y b/y\n");
        Expect.Texts(["aaa", "bbb"], files.Select(file => file.Commit));
    }

    [Fact]
    public void Distances_between_names_count_swaps_as_one()
    {
        Assert.Equal(1, Revisions.EditDistance("mian", "main"));
        Assert.Equal(0, Revisions.EditDistance("MAIN", "main"));
        Assert.Equal(4, Revisions.EditDistance("", "main"));
    }

    [Theory]
    [InlineData("src/app.py", "Code")]
    [InlineData("tests/test_app.py", "Test")]
    [InlineData("src/test/java/AppTest.java", "Test")]
    [InlineData("Shop.Tests/CartTests.cs", "Test")]
    [InlineData("src/latest/app.cs", "Code")]
    [InlineData("src/Contest.cs", "Code")]
    [InlineData("pkg/store_test.go", "Test")]
    [InlineData("web/cart.spec.ts", "Test")]
    [InlineData("docs/usage.md", "Docs")]
    [InlineData("docs/notes.txt", "Docs")]
    [InlineData("README", "Docs")]
    [InlineData("requirements.txt", "Other")]
    [InlineData("appsettings.Production.json", "Config")]
    [InlineData("config/server.yaml", "Config")]
    [InlineData("tsconfig.json", "Other")]
    [InlineData(".github/workflows/config.yml", "Other")]
    [InlineData("web/package-lock.json", "Generated")]
    [InlineData("vendor/lib/x.go", "Generated")]
    [InlineData("api/x.pb.go", "Generated")]
    [InlineData("src/app.swift", "Code")]
    public void A_path_tells_what_a_file_is_for(string path, string kind) => Assert.Equal(kind, FileKinds.Of(path).ToString());
}
