using Baton.Engine;
using Baton.Server.Commands;

namespace Baton.Server;

/// <summary>The whole of Baton in your own executable: its server, its command line, and your workflows in C#.</summary>
public static class BatonApp
{
    /// <summary>Runs the command line <c>baton</c> with these workflows known to its server.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(string[] args, params IReadOnlyCollection<CodeWorkflow> workflows) => CommandLine.InvokeAsync(args, workflows);
}
