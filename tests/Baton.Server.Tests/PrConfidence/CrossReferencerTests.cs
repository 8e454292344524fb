using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class CrossReferencerTests
{
    private const string Webhooks = """
        class WebhookRegistry:
            def register(self, url, secret):
                if not url.startswith("https"):
                    raise RefusedUrl(url)

        """;

    private static CriterionMatch Match(string criterion, ChangeSet changes) =>
        Assert.Single(CrossReferencer.Run(new(Ranges.Ticket(criterion), changes)).Criteria);

    [Fact]
    public void Evidence_names_file_lines_commit_and_words()
    {
        var match = Match("A webhook registers a URL", Ranges.Of(("src/webhooks.py", Webhooks), ("src/prices.py", "def total(cart):\n    return sum(cart)\n")));

        var evidence = match.Evidence.Single(item => item.Kind == EvidenceKind.Code);
        Assert.Equal(("src/webhooks.py", 1, 4, Ranges.Sha), (evidence.File, evidence.StartLine, evidence.EndLine, evidence.Commit));
        Expect.Texts(["registers", "url", "webhook"], evidence.Words);
        Expect.Contains("+class WebhookRegistry:", evidence.Excerpt);
        Assert.Equal(1, match.Coverage);
        Assert.Empty(match.MissingWords);
    }

    [Fact]
    public void Words_that_stand_nowhere_are_listed_as_missing()
    {
        var match = Match("A nightly job purges old webhooks", Ranges.Of(("src/webhooks.py", Webhooks)));
        Expect.Texts(["job", "nightly", "old", "purges"], match.MissingWords);
        Assert.InRange(match.Coverage, 0.1, 0.35);
    }

    [Fact]
    public void A_commit_message_alone_covers_nothing()
    {
        var commit = new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, "Purge old entries nightly", "", IsMerge: false);
        var match = Match("Old entries are purged nightly", Ranges.Of([commit], ("src/webhooks.py", Webhooks)));
        Assert.Equal(0, match.Coverage);
        Assert.Equal((EvidenceKind.Commit, "commit 1234567890"), (match.Evidence[0].Kind, match.Evidence[0].Where));
    }

    [Fact]
    public void A_document_covers_only_a_criterion_that_asks_for_one()
    {
        var changes = Ranges.Of(("docs/exports.md", "Exports are written to a folder.\n"));
        Assert.Equal(0, Match("Exports go to a folder", changes).Coverage);
        Assert.True(Match("The export folder is documented in the manual", changes) is { IsAboutDocs: true, Coverage: > 0.3 });
    }

    [Fact]
    public void Deleted_lines_are_evidence_only_where_deletion_is_asked_for()
    {
        var changes = Ranges.Of(("src/a.py", "x"));
        var file = changes.Files[0] with { Status = FileStatus.Modified, Hunks = [changes.Files[0].Hunks[0] with { Lines = ["-def legacy_export(): pass"] }] };
        changes = changes with { Files = [file] };
        Assert.Equal(0, Match("The legacy export writes files", changes).Coverage);
        Assert.InRange(Match("The legacy export is removed", changes).Coverage, 0.5, 1);
    }

    [Fact]
    public void Names_count_twice_because_nothing_else_can_stand_for_them()
    {
        var query = CriterionQuery.Of(new("AC-1", "The option `--dry-run` of exportOrders prints the SQL, and nothing else", 1));
        Assert.Equal([2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0], new[] { "dry", "run", "export", "order", "sql", "configur", "print" }.Select(term =>
            query.Terms[term]));
    }

    [Fact]
    public void Unchanged_lines_are_no_evidence()
    {
        var changes = Ranges.Of(("src/a.py", "x"));
        var hunk = changes.Files[0].Hunks[0] with { Lines = [" def purge_old_entries():", "+    pass"] };
        changes = changes with { Files = [changes.Files[0] with { Hunks = [hunk] }] };
        Assert.Equal(0, Match("Old entries are purged", changes).Coverage);
    }

    [Fact]
    public void A_long_hunk_is_cut_into_passages_that_can_be_pointed_at()
    {
        var text = string.Concat(Enumerable.Range(1, 12).Select(i => $"def step_{i}(value):\n"
            + string.Concat(Enumerable.Range(1, 10).Select(j => $"    value += {j}\n")) + "\n"));
        var passages = Passages.Of(Ranges.Of(("src/steps.py", text)));
        Assert.Equal(13, passages.Length);
        Assert.Equal((1, 12), (passages[0].StartLine, passages[0].EndLine));
        Assert.Equal((13, 24), (passages[1].StartLine, passages[1].EndLine));
        Assert.All(passages, passage => Assert.InRange(passage.Lines.Length, 0, 40));
    }

    [Fact]
    public void Tests_beside_the_code_count_as_tests()
    {
        const string rust = "pub fn add(a: u8) -> u8 { a }\n\n\n\n\n\n\n\n\n\n\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds_numbers() { assert_eq!(super::add(1), 1); }\n}\n";
        var changes = Ranges.Of(("src/lib.rs", rust)) with { Tests = [new("src/lib.rs", 16, "adds_numbers", TestChange.Added)] };
        Assert.Equal([EvidenceKind.Code, EvidenceKind.Test], Passages.Of(changes).Where(passage => passage.File is not null).Select(passage => passage.Kind));
    }

    [Fact]
    public void Code_that_relates_to_no_criterion_is_named()
    {
        var result = CrossReferencer.Run(new(Ranges.Ticket("Webhooks register a URL"),
            Ranges.Of(("src/webhooks.py", Webhooks), ("src/prices.py", "def total(cart):\n    return sum(cart)\n"), ("docs/a.md", "text\n"))));
        Expect.Texts(["src/prices.py"], result.UnclaimedFiles);
    }

    [Fact]
    public void The_text_for_a_model_is_bounded_says_where_each_passage_is_and_does_not_hold_the_criterion()
    {
        var text = string.Concat(Enumerable.Range(1, 400).Select(i => $"    webhook.register(url_{i})\n"));
        var result = CrossReferencer.Run(new(Ranges.Ticket("Webhooks register a wonderful URL"), Ranges.Of(("src/webhooks.py", text)),
            MaxEvidenceTextChars: 1_500));
        var evidence = Assert.Single(result.Criteria).EvidenceText;
        Assert.InRange(evidence.Length, 800, 1_500);
        Expect.Contains("--- code src/webhooks.py:1-40 (commit 1234567890)", evidence);
        Assert.DoesNotContain("wonderful", evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_is_bounded_and_not_all_of_one_file()
    {
        var text = string.Concat(Enumerable.Range(1, 400).Select(i => $"    webhook.register(url_{i})\n"));
        var match = Match("Webhooks register a URL", Ranges.Of(("src/webhooks.py", text), ("src/other.py", "webhook.register(url)\n"),
            ("tests/test_webhooks.py", "def test_register():\n    webhook.register(url)\n")));
        Assert.InRange(match.Evidence.Length, 4, 8);
        Assert.InRange(match.Evidence.Count(item => item.File == "src/webhooks.py"), 1, 3);
        Assert.Contains(match.Evidence, item => item.Kind == EvidenceKind.Test);
        Assert.All(match.Evidence, item => Assert.InRange(item.Excerpt.Length, 1, 600));
    }

    [Fact]
    public void Nothing_to_compare_gives_no_coverage_and_no_exception()
    {
        var nothing = Ranges.Of([], []);
        Assert.Equal((0.0, 0.0, 0), Match("Anything at all", nothing) is var match ? (match.Score, match.Coverage, match.Evidence.Length) : default);
        Assert.Empty(CrossReferencer.Run(new(Ranges.Ticket(), Ranges.Of(("src/webhooks.py", Webhooks)))).Criteria);
        Assert.Equal(0, Match("the and of", Ranges.Of(("src/webhooks.py", Webhooks))).Coverage);
    }

    private static string Word(int number) => $"q{(char)('a' + (number / 26))}{(char)('a' + (number % 26))}z";

    [Fact]
    public void Two_hundred_files_and_fifty_criteria_are_compared()
    {
        var files = Enumerable.Range(0, 200).Select(i => ($"src/module_{i}.py",
            string.Concat(Enumerable.Range(0, 60).Select(j => $"def handler_{i}_{j}(request, {Word(i)}):\n    return request.value{j}\n")))).ToArray();
        var ticket = Ranges.Ticket([.. Enumerable.Range(0, 50).Select(i => $"The handler of {Word(i * 3)} answers a request with value{i}")]);
        var result = CrossReferencer.Run(new(ticket, Ranges.Of(files)));
        Assert.Equal(50, result.Criteria.Length);
        Assert.All(result.Criteria.Index(), match => Assert.Equal($"src/module_{match.Index * 3}.py", match.Item.Evidence[0].File));
    }
}
