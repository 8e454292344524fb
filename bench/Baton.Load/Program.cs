using System.Diagnostics;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

var dir = Directory.CreateTempSubdirectory("baton-load");
await using var database = Database.Open(Path.Combine(dir.FullName, "b.db"));
var wakeups = new Wakeups();
var writes = new RunWrites(WorkflowSql.Sqlite, new EventTriggers(), wakeups, TimeProvider.System);
var runs = new RunStore(database, writes);
var journal = new JournalStore(database, writes);
var payload = new string('x', 180);
WorkflowBody body = async (run, input) =>
{
    for (var i = 0; i < 10; i++) await run.StepAsync($"step/{i}", _ => Task.FromResult(payload));
    return "1"u8.ToArray();
};
WorkflowBody map = async (run, input) =>
{
    await run.MapAsync("items", Enumerable.Range(0, 10_000).ToList(), (int i, StepContext _) => Task.FromResult(payload), new MapOptions { Parallel = 256 });
    return "1"u8.ToArray();
};
var reference = new WorkflowRef("bench", "ten", "1.0.0");
var worker = new RunWorker(runs, journal, new WorkflowCatalog([new CodeWorkflow(reference, body)]), Node.Local(), wakeups, new StepFeed(), Options.Create(new WorkflowOptions()), TimeProvider.System, NullLogger<RunWorker>.Instance);
await worker.StartAsync(default);

async Task One(WorkflowBody what)
{
    var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    var id = RunId.New(TimeProvider.System);
    void Ended(TenantId t, RunId r) { if (r == id) done.TrySetResult(); }
    wakeups.RunEnded += Ended;
    var started = (StartResult.Started)await runs.StartAsync(TenantId.Default, new NewRun(id, reference, "{}"u8.ToArray()), "me");
    worker.Adopt(started.Lease!, what, "{}"u8.ToArray(), TimeProvider.System.GetUtcNow());
    await done.Task;
    wakeups.RunEnded -= Ended;
}

for (var round = 0; round < 4; round++)
{
    var n = 5000; var next = 0; var watch = Stopwatch.StartNew();
    var allocated = GC.GetTotalAllocatedBytes();
    var cpu = Process.GetCurrentProcess().TotalProcessorTime;
    await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => { await Task.Yield(); while (Interlocked.Increment(ref next) <= n) await One(body); }));
    Console.WriteLine($"{n * 10 / watch.Elapsed.TotalSeconds:N0} steps/s  alloc/step {(GC.GetTotalAllocatedBytes() - allocated) / n / 10} cpu/step {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / n / 10:F1}us");
    watch.Restart();
    await One(map);
    Console.WriteLine($"map {10_000 / watch.Elapsed.TotalSeconds:N0} items/s {watch.ElapsedMilliseconds} ms");
    var lone = new List<double>();
    for (var i = 0; i < 200; i++) { watch.Restart(); await One(async (run, input) => { await run.StepAsync("a", _ => Task.FromResult(1)); return input; }); lone.Add(watch.Elapsed.TotalMilliseconds); }
    lone.Sort();
    Console.WriteLine($"lone p50 {lone[100]:F2} ms p99 {lone[198]:F2}");
}
await worker.StopAsync(default);
await database.DisposeAsync();
foreach (var f in dir.GetFiles()) Console.WriteLine($"{f.Name} {f.Length / (4 * 5000 * 10 + 4*10000.0):F0} bytes/step");
dir.Delete(true);
