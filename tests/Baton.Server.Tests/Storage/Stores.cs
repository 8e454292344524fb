using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Notifications;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>The stores over one database that can be closed and opened again.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string address, node;

    private Stores(string? url, string node = "node")
    {
        (address, this.node) = (url ?? folder["baton.db"], node);
        Open();
    }

    public static Task<Stores> OnSqliteAsync() => Task.FromResult(new Stores(null));

    /// <summary>On a PostgreSQL at an address.</summary>
    public static Stores At(string url, string node = "node") => new(url, node);

    public static async Task<Stores> OnPostgresAsync() => new(await Postgres.NewSchemaAsync());

    public static TenantId Tenant { get; } = new("tenant");

    public static WorkflowRef Workflow { get; } = new("test", "flow", "1.0.0");

    public ManualTime Time { get; } = new();

    public Database Database { get; private set; } = null!;

    public RunStore Runs { get; private set; } = null!;

    public JournalStore Journal { get; private set; } = null!;

    public RunQueries Queries { get; private set; } = null!;

    public ApprovalStore Approvals { get; private set; } = null!;

    public Outbox Outbox { get; private set; } = null!;

    public TaskOutputs Outputs { get; private set; } = null!;

    public RunKeeper Keeper { get; private set; } = null!;

    public RunArchive Archive { get; private set; } = null!;

    public JournalPacker Packer { get; private set; } = null!;

    public DefinitionStore Definitions { get; private set; } = null!;

    public async Task ReopenAsync()
    {
        await CloseAsync();
        Open();
    }

    public NewRun New(string input = "{}") => new(RunId.New(Time), Workflow, System.Text.Encoding.UTF8.GetBytes(input));

    /// <summary>A new run in the hands of a node.</summary>
    public async Task<RunLease> StartOwnedAsync(string input = "{}") => ((StartResult.Started)await Runs.StartAsync(Tenant, New(input), "node")).Lease!;

    public JournalEntry.StepCompleted Step(long seq, string output = "1", string? key = null) =>
        new(seq, Time.GetUtcNow(), key ?? $"step-{seq}", System.Text.Encoding.UTF8.GetBytes(output), Time.GetUtcNow(), 1, default);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        folder.Dispose();
    }

    /// <summary>After an append, a test goes on where the journal acknowledged it: on the writer's thread, which cannot wait for its own end.</summary>
    private async Task CloseAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await Database.DisposeAsync();
    }

    private void Open()
    {
        Database = Database.Open(address, new StorageOptions(), node);
        var sql = WorkflowSql.For(Database.Dialect);
        var writes = new RunWrites(Database, sql, new EventTriggers(new ScheduleTable(), sql.Schedules, Time), new Wakeups(), new Node(node), Time) { Outbox = new Outbox(Database, Microsoft.Extensions.Options.Options.Create(new NotificationOptions()), Time) };
        (Runs, Journal) = (new RunStore(Database, writes), new JournalStore(Database, writes));
        (Approvals, Outbox, Outputs) = (new ApprovalStore(Database, writes), writes.Outbox, new TaskOutputs(Database, Time));
        (Queries, Definitions) = (new RunQueries(Database, Journal), new DefinitionStore(Database, Time));
        (Keeper, Archive) = (new RunKeeper(Database, writes), new RunArchive(Database, writes, Journal, Queries));
        Packer = new JournalPacker(Database, sql, Microsoft.Extensions.Options.Options.Create(new RetentionOptions { PackAfter = TimeSpan.FromMinutes(1), BatchSize = 3 }), Time);
    }
}
