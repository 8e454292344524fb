using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class QuoteCheckerTests
{
    private static readonly ChangeSet Changes = Make();

    private static ChangeSet Make()
    {
        var changes = Ranges.Of([new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, "Retry failed calls", "With exponential backoff.",
            IsMerge: false)], ("src/a.py", "x"));
        var hunk = new Hunk
        {
            OldStart = 10,
            OldCount = 2,
            NewStart = 10,
            NewCount = 4,
            Section = "",
            Commits = [],
            Lines = [" def call(self, url):", "-    return self.post(url)", "+    for attempt in range(MAX_RETRIES):", "+",
                "+        self.sleep(2 ** attempt)", "+    print(\"gave up\")"],
        };
        return changes with { Files = [changes.Files[0] with { Hunks = [hunk] }] };
    }

    [Theory]
    [InlineData("for attempt in range(MAX_RETRIES):", "Verified", "src/a.py:11")]
    [InlineData("+    for attempt in range(MAX_RETRIES):", "Verified", "src/a.py:11")]
    [InlineData("`self.sleep(2   **  attempt)`", "Verified", "src/a.py:13")]
    [InlineData("FOR attempt IN range(max_retries):", "Verified", "src/a.py:11")]
    [InlineData("+    for attempt in range(MAX_RETRIES):\n+\n+        self.sleep(2 ** attempt)", "Verified", "src/a.py:11")]
    [InlineData("for attempt in range(MAX_RETRIES): ... print(\"gave up\")", "Verified", "src/a.py:11")]
    [InlineData("print(\"gave up\")", "Verified", "src/a.py:14")]
    [InlineData("src/a.py:13: self.sleep(2 ** attempt)", "Verified", "src/a.py:13")]
    [InlineData("With exponential backoff", "Verified", "commit 1234567890")]
    [InlineData("def call(self, url):", "OnlyAround", "src/a.py:10")]
    [InlineData("return self.post(url)", "OnlyAround", "src/a.py:11")]
    [InlineData("def call(self, url): for attempt in range", "OnlyAround", "src/a.py:10")]
    [InlineData("src/a.py:11", "OnlyAround", "src/a.py:11")]
    [InlineData("`src/a.py:11-40`", "OnlyAround", "src/a.py:11")]
    [InlineData("src/a.py:99", "Unverified", null)]
    [InlineData("src/b.py:11", "Unverified", null)]
    [InlineData("self.sleep(3 ** attempt)", "Unverified", null)]
    [InlineData("print(\"gave up\") ... for attempt in range(MAX_RETRIES):", "Unverified", null)]
    [InlineData("x = y", "TooShort", null)]
    [InlineData("", "TooShort", null)]
    [InlineData("...", "TooShort", null)]
    public void A_quote_is_looked_up_in_the_range(string quote, string status, string? where)
    {
        var found = new QuoteChecker(Changes).Check(quote);
        Assert.Equal((status, where), (found.Status.ToString(), found.Where));
    }

    [Fact]
    public void No_quote_makes_the_checker_throw()
    {
        var checker = new QuoteChecker(Changes);
        Property.Holds(ArbMap.Default.ArbFor<NonNull<string>>(), text => checker.Check(text.Get).Text.Length <= 300);
    }
}
