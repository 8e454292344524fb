using System.Reflection;

namespace Baton.Server.Storage;

/// <summary>Brings a database to the schema of this version: numbered files, forward only, each in one transaction.</summary>
internal static class Migrator
{
    /// <summary>The schema's version that this version of Baton works with.</summary>
    public static int Latest => Scripts("sqlite").Count;

    /// <returns>The schema's version before and after.</returns>
    /// <exception cref="NewerSchemaException">A newer Baton wrote the file.</exception>
    public static (int From, int To) Migrate(SqlStatements statements)
    {
        var version = statements["PRAGMA user_version"];
        version.Step();
        var from = (int)version.Long(0);
        version.Reset();
        var scripts = Scripts("sqlite");
        if (from > scripts.Count) throw new NewerSchemaException(from, scripts.Count);
        for (var number = from + 1; number <= scripts.Count; number++)
        {
            statements.Run("BEGIN IMMEDIATE");
            statements.RunScript(scripts[number - 1]);
            statements.RunScript($"PRAGMA user_version = {number}");
            statements.Run("COMMIT");
        }
        return (from, scripts.Count);
    }

    /// <summary>The scripts of a database, in their order. Those of the same number bring about the same tables on each.</summary>
    /// <param name="dialect">Their folder.</param>
    public static List<string> Scripts(string dialect)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames().Where(name => name.StartsWith($"Baton.Server.Storage.Migrations.{dialect}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read)];

        string Read(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }
    }
}

/// <summary>The database was written by a newer version: an older one must not touch it.</summary>
internal sealed class NewerSchemaException(int found, int known)
    : Exception($"The database has schema {found}, this version of Baton knows up to {known}. Start the newer version, or restore a backup from before the upgrade.");
