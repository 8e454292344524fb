namespace Baton.Client;

/// <summary>Questions to people. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class ApprovalsClient
{
    private readonly BatonClient client;

    internal ApprovalsClient(BatonClient client) => this.client = client;

    /// <param name="query">Filters as the API names them: state, assignee, cursor, limit.</param>
    public Task<Page<ApprovalView>> ListAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/approvals?{string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"))}", WireJson.Web.PageApprovalView, cancel);

    public Task<ApprovalView> GetAsync(string id, CancellationToken cancel) => client.GetAsync($"/api/v1/approvals/{Uri.EscapeDataString(id)}", WireJson.Web.ApprovalView, cancel);

    /// <summary>Answers an open question; it can be answered once.</summary>
    public Task<ApprovalView> AnswerAsync(string id, AnswerRequest answer, CancellationToken cancel) =>
        client.PostAsync($"/api/v1/approvals/{Uri.EscapeDataString(id)}", BatonClient.Json(answer, WireJson.Web.AnswerRequest), WireJson.Web.ApprovalView, cancel);
}
