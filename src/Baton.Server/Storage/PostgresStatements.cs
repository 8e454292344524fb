using Npgsql;
using NpgsqlTypes;

namespace Baton.Server.Storage;

/// <summary>One connection's statements. PostgreSQL prepares those that come again by itself, as the connection is set up.</summary>
internal sealed class PostgresStatements(NpgsqlConnection connection) : SqlStatements
{
    public override void RunScript(string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    protected override SqlStatement Make(string sql) => new PostgresStatement(connection, sql);

    /// <summary>A statement that is one round trip: its rows are read at the first step, so that others may follow before the last.</summary>
    private sealed class PostgresStatement(NpgsqlConnection connection, string sql) : SqlStatement
    {
        private readonly NpgsqlCommand command = new(sql, connection);
        private Queue<object[]>? rows;
        private object[] row = [];

        public override SqlStatement Bind(int index, long value) => Bind(index, NpgsqlDbType.Bigint, value);

        public override SqlStatement Bind(int index, long? value) => Bind(index, NpgsqlDbType.Bigint, value);

        public override SqlStatement Bind(int index, string? value) => Bind(index, NpgsqlDbType.Text, PostgresText.Of(value));

        public override SqlStatement BindBlob(int index, ReadOnlySpan<byte> value) => Bind(index, NpgsqlDbType.Bytea, value.ToArray());

        public override SqlStatement BindNoBlob(int index) => Bind(index, NpgsqlDbType.Bytea, null);

        public override bool Step()
        {
            if (rows is null)
            {
                rows = new Queue<object[]>();
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    var values = new object[reader.FieldCount];
                    reader.GetValues(values);
                    rows.Enqueue(values);
                }
            }
            if (rows.TryDequeue(out row!)) return true;
            rows = null;
            return false;
        }

        public override int Execute()
        {
            rows = null;
            return Math.Max(0, command.ExecuteNonQuery());
        }

        public override void Reset() => rows = null;

        public override long Long(int column) => Convert.ToInt64(row[column], System.Globalization.CultureInfo.InvariantCulture);

        public override bool IsNull(int column) => row[column] is DBNull;

        public override string Text(int column) => (string)row[column];

        public override byte[] Blob(int column) => (byte[])row[column];

        public override void Dispose() => command.Dispose();

        private PostgresStatement Bind(int index, NpgsqlDbType type, object? value)
        {
            rows = null;   // what an earlier use that failed has left
            while (command.Parameters.Count < index) command.Parameters.Add(new NpgsqlParameter());
            var parameter = command.Parameters[index - 1];
            if (parameter.NpgsqlDbType != type) parameter.NpgsqlDbType = type;
            parameter.Value = value ?? DBNull.Value;
            return this;
        }
    }
}
