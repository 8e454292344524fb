using Baton.Engine.Dsl;
using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Registers the documents of a folder before the server listens: those that come with it, or an operator's own.</summary>
internal sealed class DocumentFolder(WorkflowRegistry registry, Credentials credentials, IOptions<WorkflowOptions> options) : IHostedService
{
    /// <exception cref="StartupException">The folder or one of its documents is not as it must be.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(options.Value.DocumentsFolder, AppContext.BaseDirectory);
        if (!Directory.Exists(folder)) throw new StartupException($"The folder of workflow documents {folder} does not exist. Set Workflows:DocumentsFolder, or leave it out.");
        foreach (var path in Directory.EnumerateFiles(folder).Where(IsDocument).Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllTextAsync(path, cancellationToken);
            foreach (var tenant in credentials.Tenants)
            {
                try
                {
                    await registry.RegisterAsync(tenant, text, revise: true, cancellationToken);
                }
                catch (InvalidWorkflowException e)
                {
                    throw new StartupException($"{path}: {e.Message}", e);
                }
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool IsDocument(string path) => Path.GetExtension(path) is ".yaml" or ".yml" or ".json";
}
