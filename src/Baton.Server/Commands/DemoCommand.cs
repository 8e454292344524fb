using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Baton.Client;
using Baton.Engine;
using Baton.Server.PrConfidence;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary><c>baton demo</c>: a server on a new database, the PR confidence analysis on the example that comes with Baton, and its report.</summary>
internal static class DemoCommand
{
    private const string Base = "main";
    private const string Head = "feature/webhooks";

    private static readonly string Example = Path.Combine(AppContext.BaseDirectory, "examples", "pr-confidence");

    public static Command Create(IReadOnlyCollection<CodeWorkflow> workflows)
    {
        var keep = new Option<bool>("--keep") { Description = "Leave the server up until Ctrl-C." };
        var port = new Option<int>("--port") { Description = "Port to listen on. Default: a free one." };
        var output = new Option<string?>("--out") { Description = "Folder for the report. Default: baton-out/RUN." };
        var command = new Command("demo", "Analyse the example repository with a server of its own, and print the report. Needs no model and no key.") { keep, port, output };
        command.SetAction((parsed, cancel) => RunAsync(workflows, parsed.GetValue(keep), parsed.GetValue(port), parsed.GetValue(output), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyCollection<CodeWorkflow> workflows, bool keep, int port, string? output, CancellationToken cancel)
    {
        var folder = ScratchFolder.Create("baton-demo-").FullName;
        var repo = Path.Combine(folder, "parcel-tracker");
        var settings = new HostSettings { Port = port, Database = Path.Combine(folder, "demo.db"), LogLevel = LogLevel.Warning };
        await using var host = await StartAsync(folder, repo, settings, workflows, cancel);
        Output.Progress.WriteLine($"Does {Head} of the example repository do what its ticket asks? A server on a new database ({settings.Database}) finds out.");

        var input = new JsonObject { ["repo"] = repo, ["base"] = Base, ["head"] = Head, ["ticket"] = Path.Combine(folder, "ticket.md") };
        var run = await host.Client.Runs.StartAsync(new StartRun("default/pr-confidence", JsonSerializer.SerializeToElement(input, JsonSerializerOptions.Default)), idempotencyKey: null, cancel);
        var code = await RunCommand.FollowAsync(host, run, output, json: false, cancel);
        if (!keep)
        {
            Output.Out.WriteLine($"{"Run",-10} http://127.0.0.1:{HostSettings.DefaultPort}/runs/{run.Id} after: baton serve --db {settings.Database}");
            return code;
        }
        Output.Out.WriteLine($"{"Run",-10} {new Uri(host.Client.Address, $"/runs/{run.Id}")}");
        Output.Progress.WriteLine("The server stays up. Ctrl-C stops it.");
        await Interrupt.WaitAsync(cancel);
        return code;
    }

    private static async Task<LocalServer> StartAsync(string folder, string repo, HostSettings settings, IReadOnlyCollection<CodeWorkflow> workflows, CancellationToken cancel)
    {
        try
        {
            await UnpackAsync(repo, cancel);
            File.Copy(Path.Combine(Example, "ticket.md"), Path.Combine(folder, "ticket.md"));
            return await LocalServer.StartAsync(settings, workflows, cancel);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);   // kept for a run that can be looked at again, and there is none
            throw;
        }
    }

    private static async Task UnpackAsync(string folder, CancellationToken cancel)
    {
        var bundle = Path.Combine(Example, "parcel-tracker.bundle");
        StartupException? refusal = await new RepositoryBundle(TimeProvider.System).UnpackAsync(bundle, folder, cancel) switch
        {
            UnpackResult.Unpacked => null,
            UnpackResult.BundleMissing missing => new StartupException($"The example {missing.Path} is missing. It belongs beside the executable: build or install Baton again."),
            UnpackResult.FolderTaken taken => new StartupException($"The folder {taken.Path} is not empty."),
            UnpackResult.Failed failed => new StartupException($"The example repository cannot be unpacked: {failed.Error.Message}."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (refusal is not null) throw refusal;
    }
}
