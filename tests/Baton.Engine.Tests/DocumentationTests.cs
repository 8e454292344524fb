using System.Text;
using Baton.Engine.Tests.Support;

namespace Baton.Engine.Tests;

/// <summary>The workflow that docs/concepts/workflows-in-csharp.md quotes, and that it does what the page says.</summary>
public sealed class DocumentationTests
{
    private sealed record Order(string Id, string[] Items);

    private sealed record Receipt(string Payment, int Packed, bool Approved);

    private sealed class Fulfil(Shop shop) : IWorkflow<Order, Receipt>
    {
        public async Task<Receipt> RunAsync(RunContext run, Order order)
        {
            // Two steps at once: await freely, in parallel too.
            var charging = run.StepAsync("charge", step => shop.ChargeAsync(order.Id, step.IdempotencyKey, step.Cancel), new StepOptions { Retry = RetryPolicy.Transient });
            var packing = run.MapAsync("pack", order.Items, (string item, StepContext step) => shop.PackAsync(item, step.IdempotencyKey), new MapOptions { Parallel = 8, OnError = MapErrors.Collect });
            var (payment, packed) = (await charging, await packing);

            var isApproved = packed.Failed == 0 || await run.WaitForSignalAsync<bool>("approval");
            return new Receipt(payment, packed.Outputs.Count(), isApproved);
        }
    }

    [Fact]
    public async Task The_documented_workflow_fulfils_an_order()
    {
        var shop = new Shop();
        var workflow = CodeWorkflow.Of(new WorkflowRef("shop", "fulfil", "1.0.0"), () => new Fulfil(shop));
        var settled = await new World().RunAsync(workflow.Body, new { id = "7", items = new[] { "tea", "cup" } });
        Assert.Equal("""{"payment":"paid 7","packed":2,"approved":true}""", Encoding.UTF8.GetString(settled.Output.Span));
    }

    private sealed class Shop
    {
        public Task<string> ChargeAsync(string order, string key, CancellationToken cancel) => Task.FromResult(key.EndsWith("/charge", StringComparison.Ordinal) ? $"paid {order}" : key);

        public Task<string> PackAsync(string item, string key) => Task.FromResult($"{item} {key}");
    }
}
