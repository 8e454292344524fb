using System.Collections.Concurrent;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Engine.Runs;
using Baton.Jq;
using Baton.Server;
using Baton.Server.Workflows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.Conformance.OpenWorkflow;

/// <summary>What a scenario came to.</summary>
internal sealed record Execution(RunState State, JqValue Output, WorkflowError? Error, IReadOnlyList<string> Tasks);

/// <summary>A whole server on a new database, with the outside hosts replaced by stubs; executes one document after another.</summary>
internal sealed class Kit : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("baton-ctk");
    private RunningServer? server;
    private StubHosts? stubs;

    public static async Task<Kit> StartAsync()
    {
        var kit = new Kit { stubs = await StubHosts.StartAsync() };
        kit.server = await RunningServer.StartAsync(new HostSettings
        {
            Port = 0,
            Database = Path.Combine(kit.folder.FullName, "ctk.db"),
            LogLevel = LogLevel.Critical,
            Values = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Outbound:HostMap:petstore.swagger.io"] = $"http://{kit.stubs.Address}",
                ["Outbound:HostMap:httpbin.org"] = $"http://{kit.stubs.Address}",
            },
        }, [], CancellationToken.None);
        return kit;
    }

    public WorkflowDefinition Parse(string document) => server!.Services.GetRequiredService<WorkflowCatalog>().Parse(document);

    /// <summary>Stores a run and executes it on the server's own journal, watching its tasks.</summary>
    public async Task<Execution> ExecuteAsync(string document, JqValue input)
    {
        var definition = Parse(document);
        var services = server!.Services;
        var tasks = new ConcurrentQueue<string>();
        var run = new NewRun(RunId.New(TimeProvider.System), definition.Ref, input.ToUtf8Bytes());
        var started = (StartResult.Started)await services.GetRequiredService<RunStore>().StartAsync(TenantId.Default, run, "conformance");
        var options = new EngineOptions { Time = TimeProvider.System, Jitter = Random.Shared, OnTaskStarted = (_, _, name) => tasks.Enqueue(name) };
        var execution = RunExecution.Start(started.Lease!, new RunHistory([new JournalEntry.RunStarted(0, started.At, run.Input, EngineBehaviour.Current)], []), definition.Body, services.GetRequiredService<JournalStore>(), options);
        var settled = (RunOutcome.Settled)await execution.Completion.WaitAsync(TimeSpan.FromSeconds(30));
        return new Execution(settled.State, settled.Output.IsEmpty ? JqValue.Null : JqValue.Parse(settled.Output.Span, null), settled.Error, [.. tasks]);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        if (stubs is not null) await stubs.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
