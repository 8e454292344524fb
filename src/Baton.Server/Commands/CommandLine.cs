using System.CommandLine;
using Baton.Client;
using Baton.Engine;

namespace Baton.Server.Commands;

/// <summary>The commands of <c>baton</c>. Those that work with a running server see it only through its public API.</summary>
internal static class CommandLine
{
    public static async Task<int> InvokeAsync(string[] args, IReadOnlyCollection<CodeWorkflow> workflows)
    {
        var root = new RootCommand("Baton: durable workflows and language models in one process. Start with: baton demo, or baton serve.")
        {
            DemoCommand.Create(workflows), ServeCommand.Create(workflows), RunCommand.Create(workflows), RunsCommand.Create(), LogsCommand.Create(), SignalCommand.Create(), ApprovalsCommand.List(), ApprovalsCommand.Answer(), WorkflowsCommand.Create(), NodesCommand.Create(), KeysCommand.Create(), UsageCommand.Create(), BudgetsCommand.Create(), ModelsCommand.Create(), RouteCommand.Create(), DoctorCommand.Create(workflows),
        };
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });   // @FILE is the content of an input, not more arguments
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in ParseFaults.Describe(parsed)) await Console.Error.WriteLineAsync($"baton: {fault}");
            await Console.Error.WriteLineAsync($"Try: {string.Join(' ', ["baton", .. Path(parsed), "--help"])}");
            return ExitCode.Usage;
        }
        using var interrupt = new Interrupt();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, interrupt.Token);
        }
        catch (BatonException e)
        {
            await Console.Error.WriteLineAsync(Describe(e.Problem));
            return e.Problem.Status == 0 ? ExitCode.Unavailable : ExitCode.Refused;
        }
        catch (StartupException e)
        {
            await Console.Error.WriteLineAsync($"baton: {e.Message}");
            return ExitCode.Unavailable;
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"baton: {e.Message}");
            return ExitCode.Usage;
        }
        catch (UnwritableException e)
        {
            await Console.Error.WriteLineAsync($"baton: {e.Message}");
            return ExitCode.Unwritable;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)   // what is read is named where it is read: this is standard output
        {
            await Console.Error.WriteLineAsync($"baton: The output cannot be written: {e.Message}");
            return ExitCode.Unwritable;
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static Stack<string> Path(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var at = parsed.CommandResult; at?.Parent is not null; at = at.Parent as System.CommandLine.Parsing.CommandResult) names.Push(at.Command.Name);
        return names;
    }

    private static string Describe(Problem problem)
    {
        var lines = new List<string> { $"baton: {problem.Title}. {problem.Detail}" };
        foreach (var fault in problem.Errors ?? []) lines.Add($"  {(fault.Line is { } line ? $"line {line}, " : "")}{(fault.Pointer.Length == 0 ? "body" : fault.Pointer)}: {fault.Detail}");
        return string.Join(Environment.NewLine, lines);
    }
}

/// <summary>The command cannot be carried out as it was given.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What a command gave cannot be written to where it was to go.</summary>
internal sealed class UnwritableException(string message, Exception inner) : Exception(message, inner);
