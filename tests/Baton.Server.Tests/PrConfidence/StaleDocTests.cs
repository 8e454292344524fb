using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class StaleDocTests : IDisposable
{
    private const string Before = """
        import os
        def load_orders(path, limit=10):
            pass
        def parse(text):
            pass
        class OrderStore:
            def send(self, order):
                pass
        RETRY_LIMIT = 3
        cli.add_argument("--interval", default=5)
        cli.add_argument("--port", default=80)
        os.environ["SHOP_DATABASE"]
        app.get("/orders/{id}", show)
        """;

    private readonly GitFixture git = new();

    public void Dispose() => git.Dispose();

    private async Task<StaleDocs> SearchAsync(StaleDocsLimits? limits = null)
    {
        var result = await new StaleDocFinder(TimeProvider.System).FindAsync(new(git.Folder, await git.CollectAsync(), Limits: limits), TestContext.Current.CancellationToken);
        return Assert.IsType<StaleDocsResult.Found>(result).Docs;
    }

    /// <summary>Starts with the code above and the document, then changes the code (and perhaps more) on a branch.</summary>
    private async Task<string[]> SearchAsync(string document, Func<string, string> change, Action? more = null, string path = "docs/guide.md")
    {
        git.Write("shop.py", Before).Write(path, document).Commit("Start");
        git.Branch("topic").Write("shop.py", change(Before));
        more?.Invoke();
        git.Commit("Change");
        return [.. (await SearchAsync()).Mentions.Select(mention => $"{mention.Certainty} {mention.Where} {mention.Name}")];
    }

    private static Func<string, string> Replace(string from, string to) => text => text.Replace(from, to, StringComparison.Ordinal);

    [Theory]
    [InlineData("Call load_orders to begin.")]
    [InlineData("Call `load_orders(path)`.")]
    [InlineData("```python\norders = shop.load_orders(\"x\")\n```")]
    public async Task A_document_that_mentions_a_renamed_function_is_stale(string text) =>
        Expect.Texts([$"Definite docs/guide.md:{(text.Contains('\n', StringComparison.Ordinal) ? 4 : 3)} load_orders"],
            await SearchAsync("# Guide\n\n" + text + "\n", Replace("load_orders", "read_orders")));

    [Theory]
    [InlineData("# Changelog\n\nload_orders is new.\n", "CHANGELOG.md")]
    [InlineData("Use load_orders.\n", "docs/migration-2.md")]
    [InlineData("Use load_orders.\n", "docs/decisions/0001.md")]
    [InlineData("load_orders was renamed to read_orders.\n", "docs/guide.md")]
    [InlineData("Use read_orders (load_orders before).\n", "docs/guide.md")]
    [InlineData("`load_orders` is no longer there.\n", "docs/guide.md")]
    [InlineData("## Upgrading\n\nReplace every load_orders by hand.\n", "docs/guide.md")]
    [InlineData("my_load_orders and load_orders_fast are others.\n", "docs/guide.md")]
    [InlineData("load_orders\n", "src/data.txt")]
    public async Task History_and_other_names_are_in_order(string text, string path) =>
        Assert.Empty(await SearchAsync(text, Replace("load_orders", "read_orders"), path: path));

    [Fact]
    public async Task A_name_that_is_still_defined_elsewhere_is_not_gone() =>
        Assert.Empty(await SearchAsync("Use load_orders.\n", Replace("load_orders", "read_orders"), () =>
            git.Write("other.py", "def load_orders():\n    pass\n")));

    [Fact]
    public async Task A_name_that_code_still_uses_is_only_possibly_stale() =>
        Expect.Texts(["Possible docs/guide.md:1 load_orders"], await SearchAsync("Use load_orders.\n", Replace("load_orders", "read_orders"), () =>
            git.Write("other.py", "run(load_orders)\n")));

    [Theory]
    [InlineData("You can parse a file.", false)]
    [InlineData("See `parse`.", false)]
    [InlineData("Call `parse(text)`.", true)]
    [InlineData("Call `json.parse(text)`.", false)]
    [InlineData("Then parse(text) it.", false)]
    public async Task A_common_word_counts_only_where_it_is_called_in_code(string text, bool isStale) =>
        Assert.Equal(isStale, (await SearchAsync(text + "\n", Replace("def parse(text)", "def understand(document, deeply)"))).Length == 1);

    [Theory]
    [InlineData("Call `store.send(order)`.", false)]
    [InlineData("Call `order_store.send(order)`.", true)]
    [InlineData("Call `OrderStore.send`.", true)]
    [InlineData("Use `send()`.", false)]
    public async Task A_common_method_counts_only_behind_its_type(string text, bool isStale) =>
        Assert.Equal(isStale, (await SearchAsync(text + "\n", Replace("    def send(self, order):\n        pass\n", "    pass\n"))).Length == 1);

    [Theory]
    [InlineData("    shop --interval 5", true)]
    [InlineData("Set `--interval` low.", true)]
    [InlineData("    docker run --interval 5", false)]
    [InlineData("Run `curl --interval 5`.", false)]
    [InlineData("Set `--interval-ms`.", false)]
    public async Task A_renamed_option_is_found_unless_it_belongs_to_another_program(string text, bool isStale) =>
        Assert.Equal(isStale, (await SearchAsync(text + "\n", Replace("\"--interval\", default=5", "\"--every\", default=9"))).Length == 1);

    [Theory]
    [InlineData("GET /orders/{id}", true)]
    [InlineData("`curl http://localhost/orders/17`", true)]
    [InlineData("GET /orders/:id?full=1", true)]
    [InlineData("GET /orders", false)]
    [InlineData("GET /orders/{id}/lines", false)]
    [InlineData("see [orders](../orders/list.md)", false)]
    public async Task A_removed_route_is_found_whatever_its_parameter_is_called(string text, bool isStale) =>
        Assert.Equal(isStale, (await SearchAsync(text + "\n", Replace("app.get(\"/orders/{id}\", show)", ""))).Length == 1);

    [Fact]
    public async Task A_removed_variable_is_found() =>
        Expect.Texts(["Definite docs/guide.md:1 SHOP_DATABASE"], await SearchAsync("Set SHOP_DATABASE.\n", Replace("os.environ[\"SHOP_DATABASE\"]", "")));

    [Fact]
    public async Task A_changed_signature_makes_a_shown_call_possibly_stale() =>
        Expect.Texts(["Possible docs/guide.md:3 load_orders"],
            await SearchAsync("load_orders is good. So is `load_orders()`.\n\n`load_orders(path, limit)`\n", Replace("path, limit=10", "path")));

    [Fact]
    public async Task A_changed_signature_is_in_order_where_the_document_was_touched() =>
        Assert.Empty(await SearchAsync("`load_orders(path, limit)`\n", Replace("path, limit=10", "path"), () =>
            git.Write("docs/guide.md", "`load_orders(path, limit)`\nNew text.\n")));

    [Fact]
    public async Task A_changed_default_of_an_option_is_possibly_stale_and_a_changed_help_text_is_not()
    {
        Expect.Texts(["Possible docs/guide.md:1 --port"], await SearchAsync("Use `--port`.\n", Replace("default=80", "default=8080")));
    }

    [Fact]
    public async Task A_changed_help_text_leaves_documents_in_order() =>
        Assert.Empty(await SearchAsync("Use `--port`.\n", Replace("\"--port\", default=80", "\"--port\", default=80, help=\"where to listen\"")));

    [Theory]
    [InlineData("RETRY_LIMIT is 3.", true)]
    [InlineData("RETRY_LIMIT can be changed.", false)]
    public async Task A_changed_constant_is_possibly_stale_where_its_old_value_stands(string text, bool isStale) =>
        Assert.Equal(isStale, (await SearchAsync(text + "\n", Replace("RETRY_LIMIT = 3", "RETRY_LIMIT = 7"))).Length == 1);

    [Fact]
    public async Task A_link_to_a_renamed_document_is_stale()
    {
        git.Write("docs/setup.md", string.Concat(Enumerable.Repeat("How to set up.\n", 10)))
            .Write("docs/guide/start.md", "See [setup](../setup.md#first) and docs/setup.md.\n").Write("README.md", "See [setup](docs/setup.md).\n")
            .Commit("Start");
        git.Branch("topic");
        git.Git("mv", "docs/setup.md", "docs/install.md");
        git.Commit("Rename");
        Expect.Texts(["README.md:1", "docs/guide/start.md:1"], (await SearchAsync()).Mentions.Select(mention => mention.Where));
    }

    [Fact]
    public async Task A_key_of_configuration_is_found_with_its_section()
    {
        git.Write("config/app.json", "{\n  \"cache\": {\n    \"max_items\": 5\n  }\n}\n")
            .Write("docs/a.md", "Set `cache.max_items`, or `Cache:max_items`.\n\nThe `max_items` key.\n\nWe have max_items of them.\n").Commit("Start");
        git.Branch("topic").Write("config/app.json", "{\n  \"cache\": {\n  }\n}\n").Commit("Remove");
        Expect.Texts(["docs/a.md:1", "docs/a.md:3"], (await SearchAsync()).Mentions.Select(mention => mention.Where));
    }

    [Fact]
    public async Task Other_markup_than_Markdown_is_read()
    {
        git.Write("shop.py", Before).Write("docs/a.rst", "Title\n=====\n\nExample::\n\n    parse(text)\n\nThen parse(text) in prose.\n")
            .Write("docs/b.adoc", "== Title\n\n----\nparse(text)\n----\n").Commit("Start");
        git.Branch("topic").Write("shop.py", Before.Replace("def parse(text)", "def understand(document, deeply)", StringComparison.Ordinal)).Commit("Change");
        Expect.Texts(["docs/a.rst:6", "docs/b.adoc:4"], (await SearchAsync()).Mentions.Select(mention => mention.Where));
    }

    [Fact]
    public async Task A_finding_tells_what_changed_and_where()
    {
        git.Write("shop.py", Before).Write("docs/guide.md", "Call load_orders.\n").Commit("Start");
        git.Branch("topic").Write("shop.py", Before.Replace("load_orders", "read_orders", StringComparison.Ordinal));
        var sha = git.Commit("Rename");
        var mention = Assert.Single((await SearchAsync()).Mentions);
        Assert.Equal(("load_orders was renamed to read_orders", "Call load_orders.", "shop.py:2", sha, "read_orders"),
            (mention.Reason, mention.Excerpt, mention.ChangedAt, mention.Commit, mention.RenamedTo));
    }

    [Fact]
    public async Task Documents_beyond_the_limits_are_noted()
    {
        git.Write("shop.py", Before);
        for (var i = 0; i < 4; i++) git.Write($"docs/d{i}.md", "Call load_orders.\n");
        git.Write("docs/large.md", new string('x', 5_000)).Commit("Start");
        git.Branch("topic").Write("shop.py", Before.Replace("load_orders", "read_orders", StringComparison.Ordinal)).Commit("Rename");
        var cut = await SearchAsync(new(MaxDocs: 2, MaxFindings: 1));
        Assert.Single(cut.Mentions);
        Expect.Texts(["docs_cut", "stale_cut"], cut.Notes.Select(note => note.Code));
        Expect.Texts(["docs_unread"], (await SearchAsync(new(MaxDocBytes: 1_000))).Notes.Select(note => note.Code));
    }

    [Fact]
    public async Task A_repository_that_is_gone_is_an_error()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        var changes = await git.CollectAsync("main", "main");
        var result = await new StaleDocFinder(TimeProvider.System).FindAsync(new("/nowhere", changes), TestContext.Current.CancellationToken);
        Assert.IsType<GitError.FolderMissing>(Assert.IsType<StaleDocsResult.Failed>(result).Error);
    }

    [Theory]
    [InlineData("manual", "manual/guide.txt:1")]
    [InlineData("manual/", "manual/guide.txt:1")]
    [InlineData("./docs", "docs/guide.md:1")]
    [InlineData("{repo}/docs", "docs/guide.md:1")]
    [InlineData("{elsewhere}", "{elsewhere name}/notes.txt:2")]
    public async Task Only_the_folder_that_was_named_is_searched(string folder, string where)
    {
        var elsewhere = GitFixture.NewFolder();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(elsewhere, "notes.txt"), "Notes.\nUse load_orders.\n", TestContext.Current.CancellationToken);
            var result = await FindInAsync(folder.Replace("{repo}", git.Folder, StringComparison.Ordinal).Replace("{elsewhere}", elsewhere, StringComparison.Ordinal));
            Assert.Equal([where.Replace("{elsewhere name}", Path.GetFileName(elsewhere), StringComparison.Ordinal)],
                Assert.IsType<StaleDocsResult.Found>(result).Docs.Mentions.Select(mention => mention.Where));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Theory]
    [InlineData("handbook", "no files in the folder handbook")]
    [InlineData("/nowhere/at/all", "/nowhere/at/all does not exist")]
    public async Task A_folder_that_is_not_there_is_named(string folder, string message) =>
        Assert.Contains(message, Assert.IsType<StaleDocsResult.Failed>(await FindInAsync(folder)).Message, StringComparison.Ordinal);

    private async Task<StaleDocsResult> FindInAsync(string folder)
    {
        git.Write("shop.py", Before).Write("docs/guide.md", "Use load_orders.\n").Write("manual/guide.txt", "Use load_orders.\n").Commit("Start");
        git.Branch("topic").Write("shop.py", Before.Replace("load_orders", "read_orders", StringComparison.Ordinal)).Commit("Change");
        return await new StaleDocFinder(TimeProvider.System).FindAsync(new(git.Folder, await git.CollectAsync(), folder), TestContext.Current.CancellationToken);
    }
}
