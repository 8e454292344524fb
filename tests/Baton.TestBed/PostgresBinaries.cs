namespace Baton.TestBed;

/// <summary>PostgreSQL's programs, and the user that runs them: a server refuses to run as root.</summary>
internal sealed record PostgresBinaries(string Folder, string? User)
{
    private const string Debian = "/usr/lib/postgresql";

    /// <exception cref="PostgresMissingException">There are none.</exception>
    public static PostgresBinaries Find()
    {
        var versions = Directory.Exists(Debian) ? Directory.EnumerateDirectories(Debian).OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0).Select(folder => Path.Combine(folder, "bin")) : [];
        var folder = versions.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb"))) ?? throw new PostgresMissingException();
        return new PostgresBinaries(folder, Environment.IsPrivilegedProcess ? UnprivilegedUser() : null);
    }

    /// <summary>The command as the unprivileged user runs it.</summary>
    public string[] Command(string program, params IEnumerable<string> arguments) => [.. Prefix, Path.Combine(Folder, program), .. arguments];

    private IEnumerable<string> Prefix => User is null ? [] : ["runuser", "-u", User, "--"];

    private static string UnprivilegedUser() => File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
}
