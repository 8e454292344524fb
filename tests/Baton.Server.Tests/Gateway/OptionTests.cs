using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class OptionTests
{
    private static readonly Uri Nowhere = new("http://127.0.0.1:1");

    [Fact]
    public void What_is_right_is_taken()
    {
        using var world = new GatewayWorld(Nowhere);
        Assert.True(world.Validate().Succeeded, world.Validate().FailureMessage);
    }

    [Fact]
    public void Every_wrong_setting_is_named_with_its_path()
    {
        using var world = new GatewayWorld(
            Nowhere,
            model =>
            {
                (model.BaseUrl, model.ApiKey, model.ApiKeyVariable, model.Timeout, model.MaxTokensField, model.StructuredOutput) = ("api.example.com", "sk-secret-in-config", "SOME", TimeSpan.Zero, "most", "xml");
                model.Headers["x-api-key"] = "sk-secret-in-header";
                model.Headers["X-Broken"] = "a\r\nX-Injected: b";
                model.Headers["Host"] = "elsewhere";
            },
            all: options =>
            {
                options.DefaultModel = "nobody";
                options.Models["baton/mine"] = new() { BaseUrl = "http://user:secret@127.0.0.1/v1" };
                options.Models["keyless"] = new() { BaseUrl = "http://127.0.0.1/v1", ApiKeyVariable = "BATON_TEST_NO_SUCH_KEY" };
                options.Models["fileless"] = new() { BaseUrl = "http://127.0.0.1/v1", ApiKeyFile = "/no/such/file" };
            });
        var said = world.Validate().FailureMessage;
        foreach (var part in new[]
        {
            "Gateway:Models:test/model:BaseUrl must be an absolute http or https URL", "Gateway:Models:test/model:ApiKey is no place for a key",
            "Gateway:Models:test/model:ApiKeyVariable and Gateway:Models:test/model:ApiKeyFile are both set", "Gateway:Models:test/model:Timeout: ", "00:00:01", "Gateway:Models:test/model:MaxTokensField: must be max_tokens or max_completion_tokens, not 'most'", "Gateway:Models:test/model:StructuredOutput: must be json_schema, json_object, prompt or tool, not 'xml'",
            "Gateway:Models:test/model:Headers:x-api-key looks like a credential", "The value of the header 'X-Broken' holds a line break", "Gateway:Models:test/model:Headers: The header 'Host'",
            "Gateway:DefaultModel is 'nobody', but must be one of: baton/mine, fileless, keyless, test/model, baton/extract, baton/echo", "Gateway:Models:baton/mine: names that begin with 'baton/'",
            "Gateway:Models:baton/mine:BaseUrl must not hold a credential", "Gateway:Models:keyless:ApiKeyVariable: the environment variable BATON_TEST_NO_SUCH_KEY is not set.",
            "Gateway:Models:fileless:ApiKeyFile: the file /no/such/file cannot be read",
        }) Assert.Contains(part, said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_a_wrong_setting_does_not_start()
    {
        var folder = Directory.CreateTempSubdirectory("baton-options-");
        try
        {
            var settings = new HostSettings
            {
                Port = 0,
                Database = Path.Combine(folder.FullName, "runs.db"),
                Values = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Gateway:Models:gpt:Timeout"] = "00:00:05", ["Gateway:Models:empty"] = null, ["Gateway:MaxResponseBytes"] = "1" },
            };
            var error = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(settings, [], TestContext.Current.CancellationToken));
            Assert.Contains("MaxResponseBytes must be between 1024 and 1073741824", error.Message, StringComparison.Ordinal);
            Assert.Contains("Gateway:Models:gpt:BaseUrl is missing", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_key_that_changes_in_its_file_counts_from_the_next_call_on()
    {
        var keys = new List<string>();
        await using var upstream = await WebServer.StartAsync(http =>
        {
            keys.Add(http.Request.Headers["api-key"].ToString());
            return Replies.WholeAsync(http, "ok");
        });
        using var world = new GatewayWorld(upstream.Address, model => model.ApiKeyHeader = "api-key");
        await world.AnswerAsync();
        await File.WriteAllTextAsync(world.KeyFile, "sk-second\r\n", TestContext.Current.CancellationToken);
        await world.AnswerAsync();
        Assert.Equal([GatewayWorld.Key, "sk-second"], keys);
        await File.WriteAllTextAsync(world.KeyFile, "sk-a\nX-Injected: b", TestContext.Current.CancellationToken);
        var error = await world.FailAsync();
        Assert.Equal("auth", error.Error.Class);
        Assert.Contains("must hold one key: visible ASCII characters on one line", error.Error.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-a", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_may_stand_in_the_environment()
    {
        const string Variable = "BATON_TEST_OPTION_KEY";
        Environment.SetEnvironmentVariable(Variable, "sk-from-environment");
        var key = "";
        await using var upstream = await WebServer.StartAsync(http =>
        {
            key = http.Request.Headers.Authorization.ToString();
            return Replies.WholeAsync(http, "ok");
        });
        using var world = new GatewayWorld(upstream.Address, model => (model.ApiKeyFile, model.ApiKeyVariable) = (null, Variable));
        Assert.True(world.Validate().Succeeded);
        await world.AnswerAsync();
        Assert.Equal("Bearer sk-from-environment", key);
    }
}
