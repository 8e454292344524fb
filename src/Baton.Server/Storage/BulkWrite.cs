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

    /// <summary>False for a statement that returns no rows.</summary>
    public virtual bool HasRows => true;

    /// <summary>Adds <c>$1</c>, <c>$2</c>, ...: an array each, with an element for each request.</summary>
    public abstract void Bind(IReadOnlyList<WriteRequest> requests, BulkParameters parameters);

    /// <summary>Gives the requests their results, where the statement returns rows. Called again when the transaction is.</summary>
    public virtual void Read(IReadOnlyList<WriteRequest> requests, DbDataReader rows)
    {
    }

    /// <summary>The same for a statement that returns none.</summary>
    /// <param name="affected">How many rows it wrote.</param>
    /// <exception cref="UnevenBulkException">Some of the requests were refused, and which cannot be told.</exception>
    public virtual void Done(IReadOnlyList<WriteRequest> requests, int affected)
    {
    }

    /// <summary>Writes what the results ask for, in the same transaction.</summary>
    public virtual void Follow(IReadOnlyList<WriteRequest> requests, SqlStatements statements)
    {
    }
}

/// <summary>Not all requests of a group were stored: each is to be written on its own.</summary>
internal sealed class UnevenBulkException() : Exception("Some of a group's requests were refused.");

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
