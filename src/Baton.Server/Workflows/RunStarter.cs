using Baton.Client;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Cluster;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>A run that somebody asks for.</summary>
/// <param name="Priority">Null for that of the workflow.</param>
internal sealed record RunToStart(WorkflowName Workflow, JqValue Input, IReadOnlyDictionary<string, string> Labels, int? Priority);

/// <summary>Starts runs: finds the version, checks the input, stores the run, and executes it here at once where there is room.</summary>
internal sealed class RunStarter(WorkflowCatalog catalog, RunStore runs, RunWorker worker, Node node, Database database, TimeProvider time)
{
    /// <summary>False once this server stops and nobody else could execute what is started: other nodes of a cluster can.</summary>
    public bool IsOpen => !worker.IsDraining || database.Dialect == Dialect.Postgres;

    public async ValueTask<Outcome> StartAsync(TenantId tenant, RunToStart run, IdempotencyKey? key, CancellationToken cancel)
    {
        if (await catalog.ResolveAsync(tenant, run.Workflow, cancel) is not { } workflow) return new Outcome.UnknownWorkflow();
        var (definition, fault) = await catalog.ReadAsync(tenant, workflow, cancel);
        if (fault is not null) return new Outcome.UnusableWorkflow($"This server does not accept the document of {workflow} any more: {fault}");
        if (definition?.CheckInput(run.Input) is { Count: > 0 } errors)
        {
            return new Outcome.InvalidInput($"The input does not fit the schema of {workflow}: {errors[0].Message}", [.. errors.Select(error => new Fault($"/input{error.InstancePointer}", error.Message))]);
        }
        var body = await catalog.FindAsync(tenant, workflow, cancel);
        var input = run.Input.ToUtf8Bytes();
        if (body?.Concurrency is { } limits && Fault(limits, input) is { } keyless) return new Outcome.InvalidInput(keyless, [new Fault("/input", keyless)]);
        var stored = new NewRun(RunId.New(time), workflow, input) { Priority = run.Priority ?? body?.Priority ?? 0, Labels = run.Labels, Idempotency = key };
        var before = worker.Now;
        var result = await runs.StartAsync(tenant, stored, worker.HasRoom && body?.Concurrency is null ? node.Id : null);
        if (result is StartResult.Started { Lease: { } lease, At: var at }) await worker.AdoptAsync(lease, workflow, body!, input, at, before);
        return result switch
        {
            StartResult.Started(var id, var owned, var since) => new Outcome.Started(id, View(stored, owned is not null, since)),
            StartResult.AlreadyStarted(var id) => new Outcome.AlreadyStarted(id),
            StartResult.KeyReused(var id) => new Outcome.KeyReused(id),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static string? Fault(ConcurrencyLimits limits, ReadOnlyMemory<byte> input)
    {
        try
        {
            limits.Key(input);
            return null;
        }
        catch (WorkflowException e)
        {
            return e.Error.Detail;
        }
    }

    private static RunView View(NewRun run, bool isOwned, DateTimeOffset at) => new(
        run.Id.ToString(), run.Workflow.Namespace, run.Workflow.Name, run.Workflow.Version, (isOwned ? RunState.Running : RunState.Queued).ToName(), run.Priority, run.Labels, null, at, isOwned ? at : null, at, null, null, null);

    /// <summary>What became of it.</summary>
    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="View">The run as it was stored.</param>
        public sealed record Started(RunId Id, RunView View) : Outcome;

        public sealed record AlreadyStarted(RunId Id) : Outcome;

        public sealed record KeyReused(RunId Id) : Outcome;

        public sealed record UnknownWorkflow : Outcome;

        public sealed record UnusableWorkflow(string Detail) : Outcome;

        public sealed record InvalidInput(string Detail, IReadOnlyList<Fault> Faults) : Outcome;
    }
}
