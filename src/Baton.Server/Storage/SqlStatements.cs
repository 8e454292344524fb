namespace Baton.Server.Storage;

/// <summary>One connection's statements inside a write transaction, by their text. One thread at a time.</summary>
internal abstract class SqlStatements : IDisposable
{
    private readonly Dictionary<string, SqlStatement> known = new(StringComparer.Ordinal);

    /// <summary>The statement for this text, made at its first use, ready to be bound.</summary>
    public SqlStatement this[string sql]
    {
        get
        {
            if (!known.TryGetValue(sql, out var statement)) known.Add(sql, statement = Make(sql));
            return statement;
        }
    }

    public void Run(string sql) => this[sql].Execute();

    /// <summary>Runs several statements that are used once.</summary>
    public abstract void RunScript(string sql);

    protected abstract SqlStatement Make(string sql);

    public virtual void Dispose()
    {
        foreach (var statement in known.Values) statement.Dispose();
        known.Clear();
    }
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

    /// <summary>Runs a query for what it does: its rows say nothing.</summary>
    public void Query()
    {
        Step();
        Reset();
    }

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
