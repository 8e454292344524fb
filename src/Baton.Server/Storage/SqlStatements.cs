namespace Baton.Server.Storage;

/// <summary>One connection's statements inside a write transaction, by their text. One thread at a time.</summary>
internal abstract class SqlStatements : IDisposable
{
    /// <summary>The statement for this text, ready to be bound.</summary>
    public abstract SqlStatement this[string sql] { get; }

    public void Run(string sql) => this[sql].Execute();

    /// <summary>Runs several statements that are used once.</summary>
    public abstract void RunScript(string sql);

    public abstract void Dispose();
}

/// <summary>A prepared statement. Its text names parameters <c>$1</c>, <c>$2</c>, ...; each is bound before it is run.</summary>
internal abstract class SqlStatement : IDisposable
{
    public abstract SqlStatement Bind(int index, long value);

    public abstract SqlStatement Bind(int index, long? value);

    public abstract SqlStatement Bind(int index, string? value);

    public abstract SqlStatement BindBlob(int index, ReadOnlySpan<byte> value);

    /// <summary>Binds a blob that is not there.</summary>
    public abstract SqlStatement BindNoBlob(int index);

    /// <summary>Moves to the next row. False at the end, which also makes the statement ready to be bound again.</summary>
    public abstract bool Step();

    /// <summary>Runs to the end.</summary>
    /// <returns>How many rows were changed.</returns>
    public abstract int Execute();

    /// <summary>Gives up the rows that were not read.</summary>
    public abstract void Reset();

    public abstract long Long(int column);

    public abstract bool IsNull(int column);

    public abstract string Text(int column);

    public abstract byte[] Blob(int column);

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public abstract void Dispose();
}
