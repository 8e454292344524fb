namespace Baton.Server.Gateway;

/// <summary>Statements over what was used. Every one names the tenant first, but those that look for what has had its time.</summary>
internal sealed record UsageSql
{
    private const string Sums = "requests, completed, refused, failed, cancelled, broken, cached, estimated, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_micros, first_byte_ms, first_bytes, duration_ms";

    private const string Add = """
        DO UPDATE SET
            requests = r.requests + excluded.requests, completed = r.completed + excluded.completed, refused = r.refused + excluded.refused, failed = r.failed + excluded.failed,
            cancelled = r.cancelled + excluded.cancelled, broken = r.broken + excluded.broken, cached = r.cached + excluded.cached, estimated = r.estimated + excluded.estimated,
            input_tokens = r.input_tokens + excluded.input_tokens, cached_input_tokens = r.cached_input_tokens + excluded.cached_input_tokens, cache_write_tokens = r.cache_write_tokens + excluded.cache_write_tokens,
            output_tokens = r.output_tokens + excluded.output_tokens, reasoning_tokens = r.reasoning_tokens + excluded.reasoning_tokens, cost_micros = r.cost_micros + excluded.cost_micros,
            first_byte_ms = r.first_byte_ms + excluded.first_byte_ms, first_bytes = r.first_bytes + excluded.first_bytes, duration_ms = r.duration_ms + excluded.duration_ms
        """;

    /// <summary>Their types: text or number.</summary>
    private const string RecordTypes = "ttnttttttttt" + "nnnnnnnnnn" + "tn", CubeTypes = "tntttt" + SumTypes, SideTypes = "tntnt" + SumTypes, SumTypes = "nnnnnnnnnnnnnnnnn";

    /// <summary>Columns of a call.</summary>
    public static int RecordColumns => RecordTypes.Length;

    private const string Columns = "id, at_ms, key_name, team, run_id, step, surface, route, model, target, upstream_model, attempts, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, is_estimated, cost_micros, first_byte_ms, duration_ms, outcome, status";

    private const string Conditions = "(@Model = '' OR model = @Model) AND (@Key = '' OR key_name = @Key) AND (@Team = '' OR team = @Team) AND (@Target = '' OR target = @Target)";

    private const string Rest = $"""
        AND at_ms >= @FromMs AND at_ms < @ToMs AND (at_ms < @BeforeMs OR at_ms = @BeforeMs AND id < @BeforeId) AND {Conditions} AND (@Outcome = '' OR outcome = @Outcome)
        ORDER BY at_ms DESC, id DESC LIMIT @Limit
        """;

    /// <summary>Times of one length sort as texts as they do as numbers.</summary>
    private const string Time = "CAST(at_ms / @PeriodMs * @PeriodMs AS text)";

    private const string Cube = "tenant_id, at_ms, model, key_name, team, target", Side = "tenant_id, period_ms, dimension, at_ms, name";

    private const string Totals = """
        CAST(sum(requests) AS bigint) AS requests, CAST(sum(completed) AS bigint) AS completed, CAST(sum(refused) AS bigint) AS refused, CAST(sum(failed) AS bigint) AS failed,
        CAST(sum(cancelled) AS bigint) AS cancelled, CAST(sum(broken) AS bigint) AS broken, CAST(sum(cached) AS bigint) AS cached, CAST(sum(estimated) AS bigint) AS estimated,
        CAST(sum(input_tokens) AS bigint) AS input_tokens, CAST(sum(cached_input_tokens) AS bigint) AS cached_input_tokens, CAST(sum(cache_write_tokens) AS bigint) AS cache_write_tokens,
        CAST(sum(output_tokens) AS bigint) AS output_tokens, CAST(sum(reasoning_tokens) AS bigint) AS reasoning_tokens, CAST(sum(cost_micros) AS bigint) AS cost_micros,
        CAST(sum(first_byte_ms) AS bigint) AS first_byte_ms, CAST(sum(first_bytes) AS bigint) AS first_bytes, CAST(sum(duration_ms) AS bigint) AS duration_ms
        """;

    /// <summary>Adds one call: its columns, the tenant first. On PostgreSQL, where every statement is a round trip, a batch of them: 1, a JSON list of rows, each a list of its columns.</summary>
    public string AddRecords { get; init; } = $"INSERT INTO usage_records (tenant_id, {Columns}) VALUES ({string.Join(", ", RecordTypes.Select((_, i) => $"${i + 1}"))})";

    // Each adds sums, of all tenants, in one statement. 1: a JSON list of rows, each a list of its columns.
    public string AddToHours { get; init; } = AddTo("usage_hourly", Cube, SqliteRows(CubeTypes));

    public string AddToDays { get; init; } = AddTo("usage_daily", Cube, SqliteRows(CubeTypes));

    public string AddToSums { get; init; } = AddTo("usage_sums", Side, SqliteRows(SideTypes));

    /// <summary>
    /// Sums from an hour to an hour: whole days by their own rows, the hours before and behind them by theirs. One group of it has what its name says as <c>name</c>, and the time as a number
    /// where <c>@By</c> is hour or day. Groups follow by the name, after <c>@AfterName</c> where that is given.
    /// </summary>
    public string Summary { get; init; } = Sum(
        $"CASE @By WHEN 'model' THEN model WHEN 'key' THEN key_name WHEN 'team' THEN team WHEN 'target' THEN target ELSE {Time} END", "usage_hourly WHERE tenant_id = @Tenant", "usage_daily WHERE tenant_id = @Tenant", Conditions);

    /// <summary>The same where one <c>@Dimension</c> says it all, narrowed to one <c>@Name</c> of it or not.</summary>
    public string SideSummary { get; init; } = Sum(
        $"CASE WHEN @By IN ('hour', 'day') THEN {Time} ELSE name END", $"usage_sums WHERE tenant_id = @Tenant AND period_ms = {RollUp.HourMs} AND dimension = @Dimension",
        $"usage_sums WHERE tenant_id = @Tenant AND period_ms = {RollUp.DayMs} AND dimension = @Dimension", "(@Name = '' OR name = @Name)");

    /// <summary>The newest calls first. <c>@BeforeMs</c> and <c>@BeforeId</c> are the cursor.</summary>
    public string List { get; init; } = $"SELECT {Columns} FROM usage_records WHERE tenant_id = @Tenant {Rest}";

    /// <summary>Of one run.</summary>
    public string ListByRun { get; init; } = $"SELECT {Columns} FROM usage_records INDEXED BY usage_records_by_run WHERE tenant_id = @Tenant AND run_id = @Run {Rest}";

    public string Tenants { get; init; } = "SELECT DISTINCT tenant_id FROM usage_daily";

    /// <summary>1 tenant, 2 before, 3 most.</summary>
    public string RemoveRecords { get; init; } = "DELETE FROM usage_records WHERE tenant_id = $1 AND (at_ms, id) IN (SELECT at_ms, id FROM usage_records WHERE tenant_id = $1 AND at_ms < $2 ORDER BY at_ms, id LIMIT $3)";

    /// <summary>1 tenant, 2 before, 3 the length of the period.</summary>
    public string RemoveSums { get; init; } = "DELETE FROM usage_sums WHERE tenant_id = $1 AND period_ms = $3 AND at_ms < $2";

    /// <summary>1 tenant, 2 before.</summary>
    public string RemoveHours { get; init; } = "DELETE FROM usage_hourly WHERE tenant_id = $1 AND at_ms < $2";

    /// <summary>1 tenant, 2 before.</summary>
    public string RemoveDays { get; init; } = "DELETE FROM usage_daily WHERE tenant_id = $1 AND at_ms < $2";

    public static readonly UsageSql Sqlite = new(), Postgres = new()
    {
        AddRecords = $"INSERT INTO usage_records (tenant_id, {Columns}) {PostgresRows(RecordTypes)}",
        AddToHours = AddTo("usage_hourly", Cube, PostgresRows(CubeTypes)),
        AddToDays = AddTo("usage_daily", Cube, PostgresRows(CubeTypes)),
        AddToSums = AddTo("usage_sums", Side, PostgresRows(SideTypes)),
        ListByRun = $"SELECT {Columns} FROM usage_records WHERE tenant_id = @Tenant AND run_id = @Run {Rest}",
    };

    private static string AddTo(string table, string key, string rows) => $"INSERT INTO {table} AS r ({key}, {Sums}) {rows} ON CONFLICT ({key}) {Add}";

    /// <param name="name">Of a row's group.</param>
    /// <param name="hours">Where they stand, and the beginning of a condition.</param>
    /// <param name="days">As <paramref name="hours"/>.</param>
    private static string Sum(string name, string hours, string days, string conditions) => $"""
        SELECT name, {Totals} FROM (
            SELECT {name} AS name, {Sums} FROM {hours} AND at_ms >= @FromMs AND at_ms < @DaysFromMs AND {conditions}
            UNION ALL
            SELECT {name} AS name, {Sums} FROM {days} AND at_ms >= @DaysFromMs AND at_ms < @DaysToMs AND {conditions}
            UNION ALL
            SELECT {name} AS name, {Sums} FROM {hours} AND at_ms >= @DaysToMs AND at_ms < @ToMs AND {conditions}) AS parts
        WHERE @AfterName IS NULL OR name > @AfterName GROUP BY name ORDER BY name LIMIT @Limit
        """;

    private static string SqliteRows(string types) => $"SELECT {string.Join(", ", types.Select((_, i) => $"json_extract(value, '$[{i}]')"))} FROM json_each($1) WHERE true";

    private static string PostgresRows(string types) => $"SELECT {string.Join(", ", types.Select((type, i) => type == 't' ? $"value ->> {i}" : $"(value ->> {i})::bigint"))} FROM json_array_elements($1::json)";
}
