namespace Baton.Load;

/// <summary>What the command line says of how to measure.</summary>
/// <param name="Scenario">One that has a name of its own; null for those that a bench measures by default.</param>
/// <param name="Databases">Those that Baton is measured on.</param>
/// <param name="Peers">Measure other engines in the same run.</param>
internal sealed record BenchOptions(string? Scenario, IReadOnlyList<DatabaseKind> Databases, bool Peers, bool Json)
{
    public const string ScenarioName = "--scenario", DatabaseName = "--db", PeersName = "--peers";

    public static readonly BenchOptions Default = new(null, [DatabaseKind.Sqlite], Peers: false, Json: false);

    /// <param name="arguments">What follows the bench's name.</param>
    /// <exception cref="UsageException">Something in it is no option of this bench; the message says what.</exception>
    public static BenchOptions Read(IEnumerable<string> arguments, Bench bench)
    {
        var options = Default;
        var left = new Queue<string>(arguments);
        while (left.TryDequeue(out var argument))
        {
            var (name, given) = argument.Split('=', 2) is [var before, var after] ? (before, after) : (argument, null);
            if (name != "--json" && !bench.Options.Contains(name)) throw new UsageException($"'{argument}' is no option of this command.");
            options = name switch
            {
                "--json" => options with { Json = true },
                PeersName => options with { Peers = true },
                DatabaseName => options with { Databases = ReadDatabases(Value()) },
                _ => options with { Scenario = Value() },
            };

            string Value() => given ?? (left.TryDequeue(out var next) ? next : throw new UsageException($"{name} needs a value."));
        }
        return options;
    }

    private static DatabaseKind[] ReadDatabases(string text) => text switch
    {
        "sqlite" => [DatabaseKind.Sqlite],
        "postgres" => [DatabaseKind.Postgres],
        "both" => [DatabaseKind.Sqlite, DatabaseKind.Postgres],
        _ => throw new UsageException($"{DatabaseName}: '{text}' is none of sqlite, postgres, both."),
    };
}

/// <summary>The command line asks for what there is not.</summary>
internal sealed class UsageException(string message) : Exception(message);
