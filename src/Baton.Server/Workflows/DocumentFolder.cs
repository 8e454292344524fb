using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>
/// Registers the documents of a folder before the server listens: those that come with it, or an operator's own. One that is registered already, to the letter,
/// is not even read as a document: most starts of a server bring nothing new, and runs wait for them.
/// </summary>
internal sealed class DocumentFolder(WorkflowRegistry registry, DefinitionStore definitions, Credentials credentials, IOptions<WorkflowOptions> options) : IHostedService
{
    /// <exception cref="StartupException">The folder or one of its documents is not as it must be.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(options.Value.DocumentsFolder, AppContext.BaseDirectory);
        if (!Directory.Exists(folder)) throw new StartupException($"The folder of workflow documents {folder} does not exist. Set Workflows:DocumentsFolder, or leave it out.");
        var documents = new List<(string Path, string Text)>();
        foreach (var path in Directory.EnumerateFiles(folder).Where(IsDocument).Order(StringComparer.Ordinal)) documents.Add((path, await File.ReadAllTextAsync(path, cancellationToken)));
        if (documents.Count == 0) return;
        foreach (var tenant in credentials.Tenants) await RegisterAsync(tenant, documents, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RegisterAsync(TenantId tenant, IReadOnlyList<(string Path, string Text)> documents, CancellationToken cancel)
    {
        var known = await definitions.HashesAsync(tenant, cancel);
        foreach (var (path, text) in documents.Where(document => !known.Contains(WorkflowDefinition.HashOf(document.Text))))
        {
            try
            {
                await registry.RegisterAsync(tenant, text, revise: true, cancel);
            }
            catch (InvalidWorkflowException e)
            {
                throw new StartupException($"{path}: {e.Message}", e);
            }
        }
    }

    private static bool IsDocument(string path) => Path.GetExtension(path) is ".yaml" or ".yml" or ".json";
}
