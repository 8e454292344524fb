using System.Data.Common;
using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Gateway;

/// <summary>Statements of stored responses. Who asks with a key sees what was made with it; an empty <c>@Key</c> sees all of the tenant's.</summary>
internal sealed record ResponseSql
{
    private const string Visible = """
        FROM responses AS r JOIN response_conversations AS c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id
        WHERE r.tenant_id = @Tenant AND r.id = @Id AND (@Key = '' OR r.key_id = @Key) AND c.last_at_ms >= @SinceMs
        """;

    private const string SumOfBytes = "SELECT coalesce(sum(length(r.input) + length(r.output)), 0)", Turn = "SELECT r.id, r.previous_id, r.input, r.output";

    /// <summary>1 tenant, 2 the response, 3 the one before it, 4 the time.</summary>
    public string AddConversation { get; init; } = """
        INSERT INTO response_conversations (tenant_id, id, last_at_ms) VALUES ($1, coalesce((SELECT conversation_id FROM responses WHERE tenant_id = $1 AND id = $3), $2), $4)
        ON CONFLICT (tenant_id, id) DO UPDATE SET last_at_ms = excluded.last_at_ms
        """;

    /// <summary>1 tenant, 2 the response, 3 the one before it, 4 the time, 5 whose, 6 its bytes, 7 tokens, 8 head, 9 input, 10 output.</summary>
    public string Add { get; init; } = """
        INSERT INTO responses (tenant_id, id, conversation_id, previous_id, key_id, turns, total_bytes, tokens, created_at_ms, head, input, output) VALUES (
            $1, $2, coalesce((SELECT conversation_id FROM responses WHERE tenant_id = $1 AND id = $3), $2), $3, $5,
            coalesce((SELECT turns FROM responses WHERE tenant_id = $1 AND id = $3), 0) + 1, coalesce((SELECT total_bytes FROM responses WHERE tenant_id = $1 AND id = $3), 0) + $6, $7, $4, $8, $9, $10)
        """;

    public string Size { get; init; } = $"SELECT r.turns, r.total_bytes, r.tokens {Visible}";

    public string Get { get; init; } = $"SELECT r.id, r.previous_id, r.head, r.input, r.output, r.tokens {Visible}";

    /// <summary>The turns up to a response that may be seen, the oldest first.</summary>
    public string Turns { get; init; } = """
        WITH RECURSIVE chain (id, previous_id, place) AS (
            SELECT id, previous_id, 1 FROM responses WHERE tenant_id = @Tenant AND id = @Id
            UNION ALL
            SELECT r.id, r.previous_id, chain.place + 1 FROM chain JOIN responses AS r ON r.tenant_id = @Tenant AND r.id = chain.previous_id WHERE chain.place < @Most)
        SELECT r.id, r.previous_id, r.input, r.output FROM chain JOIN responses AS r ON r.tenant_id = @Tenant AND r.id = chain.id ORDER BY chain.place DESC
        """;

    /// <summary>Of those of <c>@Ids</c>, a JSON list, that may be seen.</summary>
    public string Bytes { get; init; } = $"{SumOfBytes} {Any("value FROM json_each(@Ids)")}";

    /// <summary>As <see cref="Bytes"/>, with what they hold.</summary>
    public string Find { get; init; } = $"{Turn} {Any("value FROM json_each(@Ids)")}";

    /// <summary>1 tenant, 2 the response, 3 the key.</summary>
    public string Remove { get; init; } = "DELETE FROM responses WHERE tenant_id = $1 AND id = $2 AND ($3 = '' OR key_id = $3)";

    /// <summary>Of all tenants. 1 before, 2 most.</summary>
    public string RemoveOld { get; init; } = """
        DELETE FROM response_conversations WHERE last_at_ms < $1   -- again: one may have gone on meanwhile
            AND (tenant_id, id) IN (SELECT tenant_id, id FROM response_conversations WHERE last_at_ms < $1 ORDER BY last_at_ms LIMIT $2)
        """;

    public static readonly ResponseSql Sqlite = new(), Postgres = new() { Bytes = $"{SumOfBytes} {Any("json_array_elements_text(CAST(@Ids AS json))")}", Find = $"{Turn} {Any("json_array_elements_text(CAST(@Ids AS json))")}" };

    private static string Any(string ids) => Visible.Replace("= @Id ", $"IN (SELECT {ids}) ", StringComparison.Ordinal);
}

/// <summary>Responses of the tenants, each with its own turn. Reads say by <see cref="StorageUnavailableException"/> that the database is away.</summary>
internal sealed class ResponseStore(Database database)
{
    private readonly ResponseSql sql = database.Dialect == Storage.Dialect.Sqlite ? ResponseSql.Sqlite : ResponseSql.Postgres;

    /// <summary>Durable when the task completes.</summary>
    /// <param name="key">Whose it is; empty for the tenant's own credentials.</param>
    public ValueTask<int> AddAsync(TenantId tenant, string key, StoredResponse response, DateTimeOffset now) => database.WriteAsync(statements =>
    {
        Identify(statements[sql.AddConversation]).Execute();
        return Identify(statements[sql.Add]).Bind(5, key).Bind(6, response.Bytes).Bind(7, response.Tokens).BindBlob(8, response.Head.Span).BindBlob(9, response.Input.Span).BindBlob(10, response.Output.Span).Execute();

        SqlStatement Identify(SqlStatement statement) => statement.Bind(1, tenant.Value).Bind(2, response.Id).Bind(3, response.PreviousId).Bind(4, now.ToUnixTimeMilliseconds());
    });

    /// <param name="since">Conversations whose last turn is older have had their time.</param>
    /// <returns>Null where there is no such response for that key.</returns>
    public Task<ConversationSize?> SizeAsync(TenantId tenant, string key, string id, DateTimeOffset since, CancellationToken cancel) =>
        database.ReadAsync((DbConnection connection) => connection.QuerySingleOrDefaultAsync<ConversationSize>(new CommandDefinition(sql.Size, new { Tenant = tenant.Value, Key = key, Id = id, SinceMs = since.ToUnixTimeMilliseconds() }, cancellationToken: cancel)), cancel);

    /// <returns>As <see cref="SizeAsync"/>.</returns>
    public Task<StoredResponse?> GetAsync(TenantId tenant, string key, string id, DateTimeOffset since, CancellationToken cancel) => database.ReadAsync(async (DbConnection connection) =>
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(sql.Get, new { Tenant = tenant.Value, Key = key, Id = id, SinceMs = since.ToUnixTimeMilliseconds() }, cancellationToken: cancel));
        return row?.ToResponse();
    }, cancel);

    /// <summary>The turns up to a response that <see cref="SizeAsync"/> has found, the oldest first, without their heads. Where one was removed they begin behind it.</summary>
    public Task<List<StoredResponse>> TurnsAsync(TenantId tenant, string id, int most, CancellationToken cancel) => database.ReadAsync(async (DbConnection connection) =>
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(sql.Turns, new { Tenant = tenant.Value, Id = id, Most = (long)most }, cancellationToken: cancel));
        return rows.Select(static row => row.ToResponse()).ToList();
    }, cancel);

    /// <summary>Those of the responses that there are for that key, each with its own turn and without its head.</summary>
    /// <returns>Null where they have more bytes than <paramref name="mostBytes"/>.</returns>
    public Task<List<StoredResponse>?> FindAsync(TenantId tenant, string key, IReadOnlyList<string> ids, DateTimeOffset since, long mostBytes, CancellationToken cancel) => database.ReadAsync(async (DbConnection connection) =>
    {
        var asked = new { Tenant = tenant.Value, Key = key, Ids = JsonSerializer.Serialize(ids), SinceMs = since.ToUnixTimeMilliseconds() };
        if (await connection.QuerySingleAsync<long>(new CommandDefinition(sql.Bytes, asked, cancellationToken: cancel)) > mostBytes) return null;
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(sql.Find, asked, cancellationToken: cancel));
        return rows.Select(static row => row.ToResponse()).ToList();
    }, cancel);

    /// <returns>False where there is no such response for that key.</returns>
    public async ValueTask<bool> RemoveAsync(TenantId tenant, string key, string id) => await database.WriteAsync(statements => statements[sql.Remove].Bind(1, tenant.Value).Bind(2, id).Bind(3, key).Execute()) > 0;

    /// <summary>Removes conversations of any tenant whose last turn is older, with all their responses.</summary>
    /// <returns>How many conversations, at most <paramref name="most"/>.</returns>
    public ValueTask<int> RemoveOldAsync(DateTimeOffset before, int most) => database.WriteAsync(statements => statements[sql.RemoveOld].Bind(1, before.ToUnixTimeMilliseconds()).Bind(2, most).Execute());

    /// <remarks>With properties to be set: the statements do not all have the same columns.</remarks>
    private sealed record Row
    {
        public string Id { get; init; } = "";
        public string? PreviousId { get; init; }
        public byte[] Head { get; init; } = [];
        public byte[] Input { get; init; } = [];
        public byte[] Output { get; init; } = [];
        public long Tokens { get; init; }

        public StoredResponse ToResponse() => new(Id, PreviousId, Head, Input, Output, Tokens);
    }
}
