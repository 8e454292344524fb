using System.CommandLine;
using System.CommandLine.Parsing;
using Baton.Engine;

namespace Baton.Server.Commands;

/// <summary>What was not understood of a command line, by the names that people typed.</summary>
internal static class ParseFaults
{
    public static IReadOnlyList<string> Describe(ParseResult parsed)
    {
        var at = parsed.CommandResult;
        List<string> faults = [.. at.Children.OfType<OptionResult>().SelectMany(Option)];
        if (at.Command.TreatUnmatchedTokensAsErrors) faults.AddRange(parsed.UnmatchedTokens.Take(1).Select(token => Unknown(at.Command, token)));   // what follows it is unknown because of it
        var missing = at.Command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0 && at.GetResult(argument) is not { Tokens.Count: > 0 }).Select(argument => argument.Name.ToUpperInvariant()).ToList();
        if (missing.Count > 0) faults.Add($"{Listed(missing, "and")} {(missing.Count == 1 ? "is" : "are")} missing.");
        if (faults.Count == 0 && at.Command.Subcommands.Count > 0) faults.Add($"A command is missing: {Commands(at.Command)}.");
        return faults.Count > 0 ? faults : [.. parsed.Errors.Select(error => error.Message)];
    }

    private static IEnumerable<string> Option(OptionResult given)
    {
        if (given.Implicit) yield break;
        if (given.Tokens.Count < given.Option.Arity.MinimumNumberOfValues) yield return $"{given.Option.Name} needs a value.";
        else if (given.Errors.Any() && given.Tokens is [var one] && (Nullable.GetUnderlyingType(given.Option.ValueType) ?? given.Option.ValueType) == typeof(int)) yield return $"{given.Option.Name}: '{one.Value}' is not a whole number.";
        else if (given.Errors.Any() && given.Tokens.Count > given.Option.Arity.MaximumNumberOfValues) yield return $"{given.Option.Name} is given more than once.";
    }

    private static string Unknown(Command command, string token)
    {
        if (token.StartsWith('-'))
        {
            var near = Nearest.Find(token, command.Options.Where(option => !option.Hidden).Select(option => option.Name));
            return $"There is no option '{token}'.{(near is null ? "" : $" Did you mean '{near}'?")}";
        }
        if (command.Subcommands.Count == 0) return $"'{token}' is not understood.";
        return Nearest.Find(token, command.Subcommands.Select(one => one.Name)) is { } meant ? $"There is no command '{token}'. Did you mean '{meant}'?" : $"There is no command '{token}'. There are: {Commands(command)}.";
    }

    private static string Commands(Command command) => Listed([.. command.Subcommands.Select(one => one.Name)], "or");

    private static string Listed(List<string> names, string last) => names.Count == 1 ? names[0] : $"{string.Join(", ", names[..^1])} {last} {names[^1]}";
}
