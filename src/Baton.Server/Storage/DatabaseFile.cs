using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Storage;

/// <summary>Looks into a database file without taking, changing or upgrading it; a server may be at work on it.</summary>
internal static class DatabaseFile
{
    public abstract record State
    {
        private State() { }

        /// <param name="Schema">Number of the last migration.</param>
        public sealed record Sound(int Schema) : State;

        public sealed record Damaged(string What) : State;

        public sealed record Unreadable(string Why) : State;
    }

    public static async Task<State> InspectAsync(string path, CancellationToken cancel)
    {
        SqliteLibrary.Use();
        try
        {
            await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 5 }.ToString());
            await connection.OpenAsync(cancel);
            var found = await connection.QuerySingleAsync<string>(new CommandDefinition("PRAGMA quick_check(1)", cancellationToken: cancel));
            if (found != "ok") return new State.Damaged(found.ReplaceLineEndings(" "));
            return new State.Sound(int.Parse((await connection.QuerySingleAsync<string>(new CommandDefinition("PRAGMA user_version", cancellationToken: cancel)))!, CultureInfo.InvariantCulture));
        }
        catch (SqliteException e) when (SqliteErrors.IsBroken(e))
        {
            return new State.Damaged(e.Message);
        }
        catch (SqliteException e)
        {
            return new State.Unreadable(SqliteErrors.Explain(e, path).Message);
        }
    }
}
