using System.Data.Common;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// How requests of one kind are written as one statement over arrays, where each statement is a round trip. An instance is a kind; it holds nothing.
/// </summary>
internal abstract class BulkWrite
{
    /// <summary>True for what ends a run under its lease: written after everything else of the batch.</summary>
    public virtual bool IsLast => false;

    /// <summary>
    /// One statement. What it cannot do for the whole group, it refuses by a division by zero, which leaves nothing written: then the requests are
    /// executed one by one. Where there is no transaction around it, it refuses as well what would have to be followed by something else.
    /// </summary>
    public abstract string Sql { get; }

    /// <summary>False for a statement that returns no rows: once it succeeds, everything is stored.</summary>
    public virtual bool HasRows => true;

    /// <summary>Adds <c>$1</c>, <c>$2</c>, ...: an array each, with an element for each request.</summary>
    /// <param name="isWhole">True when the statement is committed with those before it and nothing can follow.</param>
    public abstract void Bind(IReadOnlyList<WriteRequest> requests, bool isWhole, BulkParameters parameters);

    /// <summary>Gives the requests their results, where the statement returns rows. Called again when the transaction is.</summary>
    public virtual void Read(IReadOnlyList<WriteRequest> requests, DbDataReader rows)
    {
    }

    /// <summary>The same for a statement that returns none.</summary>
    public virtual void Done(IReadOnlyList<WriteRequest> requests)
    {
    }

    /// <summary>Gives the requests their results where the commit is known and what it came to is not: the answer was lost. Called again when that fails.</summary>
    public virtual void Recover(IReadOnlyList<WriteRequest> requests, SqlStatements statements) => Done(requests);

    /// <summary>Writes what the results ask for, in the same transaction. Writes nothing where it was committed whole.</summary>
    public virtual void Follow(IReadOnlyList<WriteRequest> requests, SqlStatements statements)
    {
    }
}

internal readonly struct BulkParameters(NpgsqlParameterCollection parameters)
{
    public void Add(bool value) => parameters.Add(new NpgsqlParameter<bool> { TypedValue = value });

    public void Add(string value) => parameters.Add(new NpgsqlParameter<string> { TypedValue = value });

    public void Add(long[] values) => parameters.Add(new NpgsqlParameter<long[]> { TypedValue = values });

    public void Add(long?[] values) => parameters.Add(new NpgsqlParameter<long?[]> { TypedValue = values });

    public void Add(string?[] values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = PostgresText.Of(values[i]);
        parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = values });
    }

    public void Add(byte[]?[] values) => parameters.Add(new NpgsqlParameter<byte[]?[]> { TypedValue = values });
}
