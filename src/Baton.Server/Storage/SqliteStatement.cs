using System.Globalization;
using System.Text;
using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>A statement on SQLite's own API: nothing is allocated to bind and step.</summary>
internal sealed class SqliteStatement : SqlStatement
{
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;
    private readonly int[] positions;   // of $1, $2, ...: SQLite numbers named parameters by their first appearance

    public SqliteStatement(sqlite3 connection, string sql)
    {
        this.connection = connection;
        SqliteErrors.Check(connection, raw.sqlite3_prepare_v2(connection, sql, out statement));
        positions = Positions();
    }

    public override SqlStatement Bind(int index, long value)
    {
        SqliteErrors.Check(connection, raw.sqlite3_bind_int64(statement, positions[index], value));
        return this;
    }

    public override SqlStatement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public override SqlStatement Bind(int index, string? value)
    {
        if (value is null) return BindNull(index);
        // An empty span has a null pointer, which SQLite takes for NULL.
        Span<byte> small = stackalloc byte[256];
        var utf8 = Encoding.UTF8.GetMaxByteCount(value.Length) <= small.Length ? small[..Encoding.UTF8.GetBytes(value, small)] : Encoding.UTF8.GetBytes(value);
        SqliteErrors.Check(connection, value.Length == 0 ? raw.sqlite3_bind_text(statement, positions[index], "") : raw.sqlite3_bind_text(statement, positions[index], utf8));
        return this;
    }

    public override SqlStatement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        SqliteErrors.Check(connection, raw.sqlite3_bind_blob(statement, positions[index], value));
        return this;
    }

    public override SqlStatement BindNoBlob(int index) => BindNull(index);

    private SqliteStatement BindNull(int index)
    {
        SqliteErrors.Check(connection, raw.sqlite3_bind_null(statement, positions[index]));
        return this;
    }

    public override bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW) return true;
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE) SqliteErrors.Check(connection, code);
        return false;
    }

    public override int Execute()
    {
        while (Step()) { }
        return raw.sqlite3_changes(connection);
    }

    public override void Reset() => raw.sqlite3_reset(statement);

    public override long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public override bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public override string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public override byte[] Blob(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public override void Dispose() => statement.Dispose();

    private int[] Positions()
    {
        var count = raw.sqlite3_bind_parameter_count(statement);
        var found = new int[count + 1];
        for (var position = 1; position <= count; position++)
        {
            var name = raw.sqlite3_bind_parameter_name(statement, position).utf8_to_string();
            if (name is not ['$', .. var digits] || !int.TryParse(digits, CultureInfo.InvariantCulture, out var index)) continue;   // named for a reader
            if (index > count) throw new InvalidOperationException($"A statement names {name} and has {count} parameters: {raw.sqlite3_sql(statement).utf8_to_string()}");
            found[index] = position;
        }
        return found;
    }
}
