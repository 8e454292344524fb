using System.Text;
using Baton.Server.PrConfidence;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Server.Tests.PrConfidence;

public sealed class TicketReaderTests
{
    private static Ticket Read(string text, string source = "ticket.md") => Assert.IsType<TicketResult.Read>(TicketReader.Read(new(text, source))).Ticket;

    private static void HasCriteria(Ticket ticket, params string[] texts) => Expect.Texts(texts, ticket.Criteria.Select(criterion => criterion.Text));

    [Fact]
    public void A_checklist_under_its_heading_is_read_with_its_lines()
    {
        var ticket = Read("# ABC-12: Export orders\n\nShops need it.\n\n## Acceptance criteria\n\n- [ ] Exports **CSV** files\n- [x] Names the file after the [day](http://x)\n\n## Notes\n\n- none\n");

        Assert.Equal(("ABC-12", "Export orders", CriteriaSource.Section), (ticket.Id, ticket.Title, ticket.CriteriaSource));
        HasCriteria(ticket, "Exports CSV files", "Names the file after the day");
        Assert.Equal([("AC-1", 7), ("AC-2", 8)], ticket.Criteria.Select(criterion => (criterion.Id, criterion.Line)));
        Assert.Contains("Shops need it.", ticket.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("CSV", ticket.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("## Acceptance Criteria:")]
    [InlineData("### ACs")]
    [InlineData("**Acceptance criteria**")]
    [InlineData("Acceptance criteria\n---")]
    [InlineData("Acceptance criteria:")]
    [InlineData("## ✅ Definition of Done")]
    [InlineData("## Success criteria")]
    public void The_heading_may_be_written_in_many_ways(string heading) =>
        HasCriteria(Read($"# T\n\n{heading}\n\n* one thing\n* two things\n"), "one thing", "two things");

    [Fact]
    public void Nested_items_and_continued_lines_belong_to_their_criterion() =>
        HasCriteria(Read("# T\n\n## Acceptance criteria\n\n1. Prices are shown\n   in euros\n   - with cents\n   - and a sign\n2. Totals are shown\n"),
            "Prices are shown in euros; with cents; and a sign", "Totals are shown");

    [Fact]
    public void A_scenario_is_one_criterion()
    {
        var ticket = Read("""
            # T

            ## Acceptance criteria

            ```gherkin
            Scenario: Buying
              Given a cart with two books
              When the shopper pays
              Then an order is made
              And a mail is sent

            Scenario: Leaving
              Given a cart
              When the shopper leaves
              Then the cart is kept
            ```
            """);
        HasCriteria(ticket,
            "Scenario: Buying, Given a cart with two books, When the shopper pays, Then an order is made, And a mail is sent",
            "Scenario: Leaving, Given a cart, When the shopper leaves, Then the cart is kept");
        Assert.Equal(6, ticket.Criteria[0].Line);
    }

    [Fact]
    public void Scenarios_outside_any_section_are_found()
    {
        var ticket = Read("# T\n\nSome text.\n\nGiven a cart\nWhen it is paid\nThen it is closed\n\nGiven no cart\nWhen someone pays\nThen nothing happens\n");
        Assert.Equal(CriteriaSource.Scenarios, ticket.CriteriaSource);
        HasCriteria(ticket, "Given a cart, When it is paid, Then it is closed", "Given no cart, When someone pays, Then nothing happens");
    }

    [Fact]
    public void Criteria_that_each_begin_with_when_stay_apart() =>
        HasCriteria(Read("# T\n\n## Acceptance criteria\n\n- The list is sorted\n- When a row is added, the total changes\n- When a row is removed, the total changes\n"),
            "The list is sorted", "When a row is added, the total changes", "When a row is removed, the total changes");

    [Fact]
    public void Rows_of_a_table_are_criteria() =>
        HasCriteria(Read("# T\n\n## Acceptance criteria\n\n| # | What |\n|---|---|\n| 1 | Rows load fast |\n| 2 | Rows sort |\n"), "1 — Rows load fast",
            "2 — Rows sort");

    [Fact]
    public void Paragraphs_under_the_heading_are_criteria_if_there_is_no_list() =>
        HasCriteria(Read("# T\n\n## Acceptance criteria\n\nThe page loads\nin a second.\n\nThe page prints.\n"), "The page loads in a second.",
            "The page prints.");

    [Fact]
    public void A_checklist_without_a_heading_comes_before_a_numbered_list()
    {
        var ticket = Read("# T\n\n1. first do this\n2. then that\n\n- [ ] it works\n- [ ] it is fast\n");
        Assert.Equal(CriteriaSource.Checklist, ticket.CriteriaSource);
        HasCriteria(ticket, "it works", "it is fast");
    }

    [Fact]
    public void A_numbered_list_is_taken_where_nothing_better_is()
    {
        var ticket = Read("# T\n\nPlease:\n\n1. sort the rows\n2. print the page\n");
        Assert.Equal(CriteriaSource.NumberedList, ticket.CriteriaSource);
        HasCriteria(ticket, "sort the rows", "print the page");
    }

    [Fact]
    public void Sentences_that_oblige_are_the_last_resort_and_noted()
    {
        var ticket = Read("# Faster search\n\nSearch is slow. It must answer within a second. Results should be cached. We like it.\n");
        Assert.Equal(CriteriaSource.Inferred, ticket.CriteriaSource);
        HasCriteria(ticket, "It must answer within a second", "Results should be cached");
        Assert.Contains(ticket.Notes, note => note.Code == "criteria_inferred");
    }

    [Fact]
    public void A_ticket_without_criteria_is_read_and_noted()
    {
        var ticket = Read("# Refactor the store\n\nIt is ugly.\n");
        Assert.Equal(CriteriaSource.None, ticket.CriteriaSource);
        Assert.Empty(ticket.Criteria);
        Assert.Contains(ticket.Notes, note => note.Code == "no_criteria");
    }

    [Theory]
    [InlineData("---\nid: XY-7\ntitle: \"Front matter\"\n---\n# Heading\n", "t.md", "XY-7", "Front matter")]
    [InlineData("# [XY-7] In brackets\n", "t.md", "XY-7", "In brackets")]
    [InlineData("# #42 Hash\n", "t.md", "#42", "Hash")]
    [InlineData("# No id\n", "tickets/XY-7.md", "XY-7", "No id")]
    [InlineData("Setext title\n====\n\ntext\n", "t.md", null, "Setext title")]
    [InlineData("just text\n", "t.md", null, "just text")]
    public void Id_and_title_are_found_where_they_stand(string text, string source, string? id, string title)
    {
        var ticket = Read(text, source);
        Assert.Equal((id, title), (ticket.Id, ticket.Title));
    }

    [Fact]
    public void Line_numbers_count_the_front_matter() =>
        Assert.Equal(7, Read("---\nid: A-1\n---\n# T\n## Acceptance criteria\n\n- works\n").Criteria[0].Line);

    [Fact]
    public void Boxes_in_a_code_block_are_no_criteria() => Assert.Empty(Read("# T\n\n```\n- [ ] example\n```\n").Criteria);

    [Fact]
    public void A_Jira_issue_with_an_Atlassian_document_is_read()
    {
        var ticket = Read("""
            {"key": "SHOP-9", "fields": {"summary": "Export orders", "description": {"type": "doc", "version": 1, "content": [
              {"type": "paragraph", "content": [{"type": "text", "text": "Shops need it."}]},
              {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Acceptance criteria"}]},
              {"type": "bulletList", "content": [
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Run "}, {"type": "text", "text": "export --day", "marks": [{"type": "code"}]}]}]},
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Second"}]},
                  {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "nested"}]}]}]}]}]},
              {"type": "taskList", "content": [{"type": "taskItem", "attrs": {"state": "DONE"}, "content": [{"type": "text", "text": "Third"}]}]}]}}}
            """);
        Assert.Equal(("SHOP-9", "Export orders"), (ticket.Id, ticket.Title));
        // Where there are boxes, they are the criteria; the bullets stand beside them.
        HasCriteria(ticket, "Third");
    }

    [Fact]
    public void Lists_of_an_Atlassian_document_keep_names_and_nesting()
    {
        var ticket = Read("""
            {"key": "SHOP-9", "fields": {"summary": "S", "description": {"type": "doc", "content": [
              {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Acceptance criteria"}]},
              {"type": "orderedList", "content": [
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Run "}, {"type": "text", "text": "export --day", "marks": [{"type": "code"}]}]}]},
                {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Second"}]},
                  {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "nested"}]}]}]}]}]}]}}}
            """);
        HasCriteria(ticket, "Run `export --day`", "Second; nested");
    }

    [Fact]
    public void A_Jira_issue_with_wiki_markup_is_read() =>
        HasCriteria(Read("""{"key": "SHOP-9", "fields": {"summary": "S", "description": "Intro *bold*.\r\n\r\nh3. Acceptance Criteria\r\n# {{export}} writes a file (/)\r\n# the [manual|http://x] is *updated*\r\n## both of them\r\n{code:java}\r\n# no criterion\r\n{code}"}}"""),
            "`export` writes a file", "the manual is updated; both of them");

    [Fact]
    public void A_custom_field_of_that_name_holds_the_criteria() =>
        HasCriteria(Read("""{"key": "S-1", "names": {"customfield_10035": "Acceptance Criteria"}, "fields": {"summary": "S", "description": "Text", "customfield_10035": "* one\n* two"}}"""), "one", "two");

    [Fact]
    public void The_only_issue_of_a_search_result_is_taken() => Assert.Equal("S-1", Read("""{"issues": [{"key": "S-1", "fields": {"summary": "S", "description": null}}]}""").Id);

    [Theory]
    [InlineData("{\"a\": ", nameof(TicketError.NotJson))]
    [InlineData("{\"a\": 1}", nameof(TicketError.NotAnIssue))]
    [InlineData("[]", nameof(TicketError.NotAnIssue))]
    [InlineData("{\"issues\": [{}, {}]}", nameof(TicketError.NotAnIssue))]
    [InlineData("{\"fields\": 3}", nameof(TicketError.NotAnIssue))]
    [InlineData("{\"key\": \"A-1\", \"fields\": {\"summary\": \"\\ud800\"}}", nameof(TicketError.NotJson))]
    public void What_is_no_issue_is_refused(string json, string error) =>
        Assert.Equal(error, Assert.IsType<TicketResult.Failed>(TicketReader.Read(new(json, "x.json", TicketFormat.Jira))).Error.ToString());

    [Fact]
    public void Markdown_that_begins_with_a_bracket_is_still_Markdown() => Assert.Equal("Export", Read("[ABC-1] Export\n\n- [ ] works\n").Title);

    [Fact]
    public async Task Files_are_checked_before_they_are_read()
    {
        using var folder = new GitFixture(init: false);
        folder.Write("ok.md", [.. Encoding.UTF8.Preamble, .. "# AB-1: T\n\n- [ ] x works\n"u8]).Write("binary.md", [1, 0, 2])
            .Write("latin.md", [0xE9, 0x20]).Write("empty.md", " \n").Write("large.md", new string('x', TicketReader.MaxBytes + 1));
        async Task<TicketResult> ReadAsync(string name) => await TicketReader.ReadFileAsync(Path.Combine(folder.Folder, name), TicketFormat.Auto,
            TestContext.Current.CancellationToken);

        Assert.Equal("AB-1", Assert.IsType<TicketResult.Read>(await ReadAsync("ok.md")).Ticket.Id);
        foreach (var (name, error) in new[] { ("none.md", TicketError.FileMissing), ("binary.md", TicketError.NotText), ("latin.md", TicketError.NotText),
            ("empty.md", TicketError.Empty), ("large.md", TicketError.TooLarge) })
        {
            var failed = Assert.IsType<TicketResult.Failed>(await ReadAsync(name));
            Assert.Equal(error, failed.Error);
            Expect.Contains(name, failed.Message);
        }
    }

    private static readonly Gen<string> Lines = Gen.OneOf(
        Gen.Elements("# Title", "## Acceptance criteria", "- [ ] box", "- bullet", "  - nested", "1. one", "Given a", "When b", "Then c", "And d", "```",
            "```gherkin", "Scenario: x", "| a | b |", "| --- | --- |",
            "---", "===", "", "It must work.", "h2. Title", "{code}", "# # #", "* *", "**Acceptance criteria**", "Acceptance criteria:", "\t- tab",
                "id: X-1", "<!-- -->", "[a](b)", "AC-1: text"),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get));

    [Fact]
    public void No_text_makes_the_reader_throw() => Property.Holds(Arb.From(Lines.ArrayOf().Select(lines => string.Join('\n', lines))), text =>
        new[] { TicketFormat.Auto, TicketFormat.Markdown, TicketFormat.Jira }.All(format => TicketReader.Read(new(text, "x", format)) switch
        {
            TicketResult.Read read => read.Ticket.Criteria.All(criterion => criterion.Text.Length is > 0 and <= 1_000 && criterion.Line >= 1
                && criterion.Line <= text.Split('\n', '\r').Length),
            TicketResult.Failed failed => failed.Message.Length > 0,
            _ => false,
        }));

    [Fact]
    public void No_description_in_an_issue_makes_the_reader_throw() => Property.Holds(Arb.From(Lines.ArrayOf().Select(lines => string.Join('\n', lines))),
        text =>
        TicketReader.Read(new("""{"key": "A-1", "fields": {"summary": "S", "description": """ + System.Text.Json.JsonSerializer.Serialize(text) + "}}", "x")) is TicketResult.Read);
}
