using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class NameDiffTests : IDisposable
{
    private readonly GitFixture git = new();

    public void Dispose() => git.Dispose();

    private async Task<ChangedName[]> ChangeAsync(string path, string before, string after)
    {
        git.Write(path, before).Commit("Start");
        git.Branch("topic").Write(path, after).Commit("Change");
        return [.. (await git.CollectAsync()).Names];
    }

    private static string[] Told(IEnumerable<ChangedName> names) => [.. names.Select(name =>
        $"{name.Change} {name.Name}{(name.RenamedTo is null ? "" : " -> " + name.RenamedTo)}")];

    [Fact]
    public async Task A_function_is_renamed_if_its_successor_resembles_it()
    {
        var names = await ChangeAsync("a.py", "def load_orders(path, limit):\n    pass\n", "def read_orders(path, limit):\n    pass\n");
        Expect.Texts(["Renamed load_orders -> read_orders"], Told(names));
        Assert.Equal(("a.py", 1, "def load_orders(path, limit)", "def read_orders(path, limit)"),
            (names[0].File, names[0].Line, names[0].Before, names[0].After));
        Assert.Equal(git.Git("rev-parse", "HEAD").Trim(), names[0].Commit);
    }

    [Fact]
    public async Task Names_that_share_nothing_are_removed_and_added() =>
        Expect.Texts(["Removed load_orders", "Added delete_customer"], Told((await ChangeAsync("a.py", "def load_orders(path):\n    pass\n",
            "def delete_customer(key, force):\n    pass\n")).OrderBy(name => name.Change == NameChange.Added)));

    [Fact]
    public async Task A_changed_signature_is_told_with_both_forms()
    {
        var name = Assert.Single(await ChangeAsync("a.go", "package a\nfunc Open(path string) error {\n}\n",
            "package a\nfunc Open(path string, mode int) error {\n}\n"));
        Assert.Equal((NameChange.Altered, "func Open(path string) error", "func Open(path string, mode int) error"), (name.Change, name.Before, name.After));
    }

    [Fact]
    public async Task Members_follow_their_renamed_type() => Expect.Texts(
        ["Renamed OrderStore -> OrderRepository"],
        Told(await ChangeAsync("a.cs", "public class OrderStore\n{\n    public OrderStore() { }\n    public int Count() => 1;\n}\n",
            "public class OrderRepository\n{\n    public OrderRepository() { }\n    public int Count() => 1;\n}\n")));

    [Fact]
    public async Task A_changed_body_changes_no_name() => Assert.Empty(await ChangeAsync("a.py", "def f(a):\n    return 1\n", "def f(a):\n    return 2\n"));

    [Fact]
    public async Task A_name_that_moved_to_another_file_is_neither_gone_nor_new()
    {
        git.Write("a.py", "def load_orders():\n    pass\n\ndef stays():\n    pass\n").Write("b.py", "X = 1\n").Commit("Start");
        git.Branch("topic").Write("a.py", "def stays():\n    pass\n").Write("b.py", "X = 1\n\ndef load_orders():\n    pass\n").Commit("Move");
        Assert.Empty((await git.CollectAsync()).Names);
    }

    [Fact]
    public async Task A_removed_name_that_another_file_defines_says_where()
    {
        git.Write("a.py", "def load_orders():\n    pass\n").Write("other/b.py", "class Shop:\n    def load_orders(self):\n        pass\n").Commit("Start");
        git.Branch("topic").Write("a.py", "x = 1\n").Commit("Remove");
        Assert.Equal("other/b.py:2", Assert.Single((await git.CollectAsync()).Names).DefinedElsewhere);
    }

    [Fact]
    public async Task A_removed_name_that_code_still_uses_says_where()
    {
        git.Write("a.py", "def load_orders():\n    pass\n").Write("b.py", "import a\nprint(a.load_orders())\nprint(load_orders_fast())\n").Commit("Start");
        git.Branch("topic").Write("a.py", "x = 1\n").Commit("Remove");
        var name = Assert.Single((await git.CollectAsync()).Names);
        Assert.Null(name.DefinedElsewhere);
        Expect.Texts(["b.py:2"], name.StillUsedIn);
    }

    [Fact]
    public async Task A_renamed_option_and_an_altered_default_are_told()
    {
        var names = await ChangeAsync("cli.py",
            "p.add_argument(\"--interval\", type=int, default=5, help=\"minutes\")\np.add_argument(\"--port\", default=80)\n",
            "p.add_argument(\"--interval-seconds\", type=int, default=60, help=\"seconds\")\np.add_argument(\"--port\", default=8080)\n");
        Expect.Texts(["Renamed --interval -> --interval-seconds", "Altered --port"], Told(names));
    }

    [Fact]
    public async Task Keys_of_configuration_are_told_with_their_values()
    {
        var name = Assert.Single(await ChangeAsync("config/app.yaml", "server:\n  port: 80\n", "server:\n  port: 8080\n"));
        Assert.Equal((NameKind.ConfigKey, "server.port", "server.port = 80", "server.port = 8080"), (name.Kind, name.Name, name.Before, name.After));
    }

    [Fact]
    public async Task Names_in_tests_and_generated_files_do_not_count()
    {
        git.Write("tests/test_a.py", "def helper_one():\n    pass\n").Write("vendor/x.py", "def vendored():\n    pass\n").Commit("Start");
        git.Branch("topic").Write("tests/test_a.py", "x = 1\n").Write("vendor/x.py", "x = 1\n").Commit("Change");
        Assert.Empty((await git.CollectAsync()).Names);
    }

    [Fact]
    public async Task A_deleted_or_renamed_file_is_a_name_too()
    {
        git.Write("src/old_name.txt", string.Concat(Enumerable.Repeat("some text\n", 20))).Write("src/gone.txt", "other\n").Commit("Start");
        git.Branch("topic");
        git.Git("mv", "src/old_name.txt", "src/new_name.txt");
        git.Delete("src/gone.txt").Commit("Change");
        Expect.Texts(["Removed src/gone.txt", "Renamed src/old_name.txt -> src/new_name.txt"], Told((await git.CollectAsync()).Names));
    }

    [Theory]
    [InlineData("x = load()", "load", 4)]
    [InlineData("reload()", "load", -1)]
    [InlineData("load_all load", "load", 9)]
    [InlineData("--since-id 3 --since 4", "--since", 13)]
    [InlineData("--since=4", "--since", 0)]
    [InlineData("/orders/{id} and /orders", "/orders", 17)]
    public void Only_the_whole_name_is_found(string text, string name, int position) => Assert.Equal(position, StillThere.PositionOf(text, name));

    [Theory]
    [InlineData("load_orders", "read_orders", true)]
    [InlineData("fetchStatus", "fetchTrackingStatus", true)]
    [InlineData("colour", "color", true)]
    [InlineData("open", "close", false)]
    [InlineData("get", "set", false)]
    public void Likeness_of_names_goes_by_words_and_letters(string one, string other, bool alike) =>
        Assert.Equal(alike, NameSimilarity.OfNames(one, other) >= NameSimilarity.Threshold);
}
