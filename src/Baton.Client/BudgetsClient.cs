namespace Baton.Client;

/// <summary>Budgets of the caller's tenant. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class BudgetsClient
{
    private readonly BatonClient client;

    internal BudgetsClient(BatonClient client) => this.client = client;

    public Task<Page<BudgetView>> ListAsync(CancellationToken cancel) => client.GetAsync("/api/v1/budgets", WireJson.Web.PageBudgetView, cancel);

    public Task<BudgetView> GetAsync(string name, CancellationToken cancel) => client.GetAsync(At(name), WireJson.Web.BudgetView, cancel);

    /// <summary>Makes a budget, or changes the one of that name; what was spent stays spent.</summary>
    public Task<BudgetView> PutAsync(string name, PutBudget budget, CancellationToken cancel) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Put, At(name)) { Content = BatonClient.Json(budget, WireJson.Web.PutBudget) }, WireJson.Web.BudgetView, cancel);

    public async Task DeleteAsync(string name, CancellationToken cancel) =>
        (await client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, At(name)), HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false)).Dispose();

    /// <summary>Gives back what killed processes had at hand, less what they did spend.</summary>
    public Task<BudgetView> ReconcileAsync(string name, ReconcileBudget reconcile, CancellationToken cancel) =>
        client.PostAsync($"{At(name)}/reconcile", BatonClient.Json(reconcile, WireJson.Web.ReconcileBudget), WireJson.Web.BudgetView, cancel);

    private static string At(string name) => $"/api/v1/budgets/{Uri.EscapeDataString(name)}";
}
