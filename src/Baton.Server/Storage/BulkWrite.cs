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

    public abstract string Sql { get; }

    /// <summary>False for a statement that returns no rows: a reader passes over it by itself.</summary>
    public virtual bool HasRows => true;

    /// <summary>Adds <c>$1</c>, <c>$2</c>, ...: an array each, with an element for each request.</summary>
    public abstract void Bind(IReadOnlyList<WriteRequest> requests, BulkParameters parameters);

    /// <summary>Gives the requests their results. Called again when the transaction is.</summary>
    public abstract void Read(IReadOnlyList<WriteRequest> requests, DbDataReader rows);

    /// <summary>Writes what the results ask for, in the same transaction.</summary>
    public virtual void Follow(IReadOnlyList<WriteRequest> requests, SqlStatements statements)
    {
    }
}

internal readonly struct BulkParameters(NpgsqlParameterCollection parameters)
{
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
