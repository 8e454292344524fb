using System.Runtime.Versioning;
using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Tests.Commands;

public sealed class DoctorTests : IDisposable
{
    private readonly TemporaryFolder home = new();

    public void Dispose() => home.Dispose();

    private async Task<(int Code, Dictionary<string, (string State, string Detail)> Findings)> ExamineAsync(string[]? arguments = null, params (string, string?)[] environment)
    {
        // A port that nobody listens at, so that a server of this machine's user is left alone.
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["doctor", "--json", .. arguments ?? []], [("BATON_SERVER", "http://127.0.0.1:1"), .. environment]);
        Assert.Equal("", error);
        return (code, JsonElement.Parse(output).EnumerateArray().ToDictionary(finding => finding.GetProperty("check").GetString()!,
            finding => (finding.GetProperty("state").GetString()!, finding.GetProperty("detail").GetString()!)));
    }

    [Fact]
    public async Task A_fresh_machine_is_well_but_for_the_server_that_was_named()
    {
        var (code, findings) = await ExamineAsync();
        Assert.Equal((1, "failed"), (code, findings["server"].State));
        Assert.All(findings.Where(finding => finding.Key is not "server" and not "disk"), finding => Assert.Equal("ok", finding.Value.State));
        Assert.Contains("does not exist yet", findings["database"].Detail, StringComparison.Ordinal);
        Assert.False(Directory.Exists(home["data"]), "The doctor looks, and leaves nothing.");
    }

    [Fact]
    public async Task The_default_database_is_in_the_data_folder_although_that_does_not_exist_yet()
    {
        Assert.Contains(home["data/baton/baton.db"], (await ExamineAsync()).Findings["database"].Detail, StringComparison.Ordinal);
        Assert.Contains(home[".local/share/baton/baton.db"], (await ExamineAsync(environment: ("XDG_DATA_HOME", null))).Findings["database"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_server_is_asked_how_it_is()
    {
        await using var server = await TestServer.StartAsync();
        var (code, findings) = await ExamineAsync(["--server", $"{server.Address}", "--db", server.DatabaseName]);
        Assert.Equal((0, "ok"), (code, findings["server"].State));
        Assert.Contains("is healthy", findings["server"].Detail, StringComparison.Ordinal);
        Assert.Contains("sound", findings["database"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PostgreSQL_is_looked_at_and_one_that_does_not_answer_is_said_without_its_password()
    {
        var url = await Storage.Postgres.NewSchemaAsync();
        var (_, findings) = await ExamineAsync(["--db", url]);
        Assert.Equal("ok", findings["database"].State);
        Assert.Contains("'baton serve' makes its schema", findings["database"].Detail, StringComparison.Ordinal);
        (_, findings) = await ExamineAsync(["--db", "postgres://me:secret-word@127.0.0.1:1/nowhere"]);
        Assert.Equal("failed", findings["database"].State);
        Assert.Contains("127.0.0.1:1/nowhere", findings["database"].Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", findings["database"].Detail, StringComparison.Ordinal);
        (_, findings) = await ExamineAsync(["--db", "postgres://127.0.0.1/baton?shcema=x"]);
        Assert.Contains("'shcema' that is not known", findings["database"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_is_looked_for_where_the_settings_say()
    {
        var (_, findings) = await ExamineAsync(environment: ("BATON_STORAGE__DATABASE", home["elsewhere.db"]));
        Assert.StartsWith(home["elsewhere.db"], findings["database"].Detail, StringComparison.Ordinal);
        var (server, address) = await BatonProcess.ServeAsync(home.Path, null, environment: ("BATON_STORAGE__DATABASE", home["elsewhere.db"]));
        await using (server) Assert.True(File.Exists(home["elsewhere.db"]), $"{address}");
    }

    [Theory]
    [InlineData("BATON_Workflows__MaxRunsInMemory", "0", "Workflows:MaxRunsInMemory must be between 1 and 1000000")]
    [InlineData("BATON_Workflows__MaxRunsInMemory", "many", "Workflows:MaxRunsInMemory cannot be 'many': it is a whole number, such as 10.")]
    [InlineData("BATON_Storage__ReadConnections", "many", "Storage:ReadConnections cannot be 'many': it is a whole number, such as 10.")]
    [InlineData("BATON_Gateway__Models__m__Targets__0__Price__Input", "2.5", "Gateway:Models:m:Targets:0:Price:Input cannot be '2.5': it is a whole number, such as 10.")]
    [InlineData("BATON_Gateway__Models__m__Stream", "yes", "Gateway:Models:m:Stream cannot be 'yes': it is true or false.")]
    [InlineData("BATON_Gateway__Models__m__Price", "2.5", "Gateway:Models:m:Price cannot be one value: it has settings of its own, such as Gateway:Models:m:Price:")]
    [InlineData("BATON_Gateway__Models__qwen3:8b__BaseUrl", "http://127.0.0.1:11434", "There is no setting 'Gateway:Models:qwen3:8b'. A name cannot hold a colon here: in place of 'qwen3:8b' write 'qwen3-8b'")]
    [InlineData("BATON_Gateway__Limits__Tenants__a:b__Limits__0__Requests", "5", "There is no setting 'Gateway:Limits:Tenants:a:b'. A name cannot hold a colon here: in place of 'a:b' write 'a-b'.")]
    [InlineData("BATON_Gateway__Models__m__Target__BaseUrl", "http://127.0.0.1:11434", "There is no setting 'Gateway:Models:m:Target'. Did you mean 'Targets'?")]
    [InlineData("BATON_Gateway__Models__m__Timeout__Minutes", "5", "There is no setting 'Gateway:Models:m:Timeout:Minutes': Gateway:Models:m:Timeout is a duration")]
    [InlineData("BATON_Workflows__MaxRunInMemory", "5", "Did you mean 'MaxRunsInMemory'?")]
    [InlineData("BATON_Workflow__MaxRunsInMemory", "5", "Did you mean 'Workflows'?")]
    [InlineData("BATON_Gateway__Cache__MaxBytes", "-1", "A setting is not valid: Gateway:Cache:MaxBytes must be between 0 and")]
    [InlineData("BATON_Sockets__BusyPoll", "00:00:01", "A setting is not valid: Sockets:BusyPoll must be between 00:00:00 and 00:00:00.0100000")]
    [InlineData("BATON_Gateway__RoutesFile", "/nowhere/routes.yaml", "A setting is not valid: Gateway:RoutesFile: ")]
    [InlineData("BATON_API_KEY", "short", "a key has at least 16 characters")]
    public async Task A_setting_that_is_wrong_is_named(string name, string value, string expected)
    {
        var (code, findings) = await ExamineAsync(environment: (name, value));
        Assert.Equal((1, "failed"), (code, findings["settings"].State));
        Assert.Contains(expected, findings["settings"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Files_that_every_user_of_the_machine_can_read_are_named()
    {
        if (OperatingSystem.IsWindows()) return;   // its files have no modes
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite, All = Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        await using (await TestServer.StartAsync(new TestServer.Settings { Folder = home })) { }
        var keys = home.Write("keys", "a:ada:0123456789abcdef0123456789abcdef");
        File.SetUnixFileMode(home["baton.db"], All);
        File.SetUnixFileMode(keys, All);
        var (_, findings) = await ExamineAsync(["--db", home["baton.db"]], ("BATON_IDENTITY__KEYSFILE", keys));
        Assert.Equal(("ok", "ok"), (findings["settings"].State, findings["database"].State));   // the folder is the user's alone
        File.SetUnixFileMode(home.Path, All | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        (_, findings) = await ExamineAsync(["--db", home["baton.db"]], ("BATON_IDENTITY__KEYSFILE", keys));
        Assert.Equal(("warning", "warning"), (findings["settings"].State, findings["database"].State));
        Assert.Contains($"chmod o-r {keys}", findings["settings"].Detail, StringComparison.Ordinal);
        Assert.Contains($"chmod o-r {home["baton.db"]}", findings["database"].Detail, StringComparison.Ordinal);
        File.SetUnixFileMode(keys, Own);
        (_, findings) = await ExamineAsync(["--db", home["baton.db"]], ("BATON_IDENTITY__KEYSFILE", keys));
        Assert.Equal("ok", findings["settings"].State);
    }

    [Fact]
    public async Task A_damaged_database_is_called_so()
    {
        var path = home.Write("broken.db", new string('x', 4_096));
        var (code, findings) = await ExamineAsync(["--db", path]);
        Assert.Equal((1, "failed"), (code, findings["database"].State));
        Assert.Contains("is damaged", findings["database"].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_not_touched()
    {
        await using (await TestServer.StartAsync(new TestServer.Settings { Folder = home })) { }
        await using (var connection = new SqliteConnection($"Data Source={home["baton.db"]};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var (code, findings) = await ExamineAsync(["--db", home["baton.db"]]);
        Assert.Equal((1, "failed"), (code, findings["database"].State));
        Assert.Contains("schema 99", findings["database"].Detail, StringComparison.Ordinal);
    }
}
