using System.Text;

namespace Baton.Client;

/// <summary>Workflow definitions of a server. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class WorkflowsClient
{
    private readonly BatonClient client;

    internal WorkflowsClient(BatonClient client) => this.client = client;

    /// <param name="document">The text of a workflow document, in YAML or JSON.</param>
    /// <param name="revise">True to register a changed document whose version is taken as a revision of it: <c>1.0.0+</c> and the beginning of its hash.</param>
    public Task<WorkflowView> RegisterAsync(string document, bool revise, CancellationToken cancel) =>
        client.PostAsync(revise ? "/api/v1/workflows?revise=true" : "/api/v1/workflows", new StringContent(document, Encoding.UTF8, "application/yaml"), WireJson.Web.WorkflowView, cancel);

    public Task<Page<WorkflowView>> ListAsync(string? cursor, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/workflows{(cursor is null ? "" : $"?cursor={Uri.EscapeDataString(cursor)}")}", WireJson.Web.PageWorkflowView, cancel);

    /// <summary>One definition with its document.</summary>
    public Task<WorkflowView> GetAsync(string space, string name, string version, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/workflows/{Uri.EscapeDataString(space)}/{Uri.EscapeDataString(name)}/{Uri.EscapeDataString(version)}", WireJson.Web.WorkflowView, cancel);

    public Task<Page<ScheduleView>> SchedulesAsync(CancellationToken cancel) => client.GetAsync("/api/v1/schedules", WireJson.Web.PageScheduleView, cancel);
}
