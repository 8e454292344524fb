-- The same sums, told apart by one thing at a time: a question that asks for no more reads a row for each of its names, however many models, keys and targets there are.
CREATE TABLE usage_sums (
    tenant_id           TEXT    NOT NULL,
    period_ms           INTEGER NOT NULL,      -- an hour or a day
    dimension           TEXT    NOT NULL,      -- model, key, team, target; all for none of them
    at_ms               INTEGER NOT NULL,
    name                TEXT    NOT NULL,      -- of the model, the key, …; empty for all
    requests            INTEGER NOT NULL,
    completed           INTEGER NOT NULL,
    refused             INTEGER NOT NULL,
    failed              INTEGER NOT NULL,
    cancelled           INTEGER NOT NULL,
    broken              INTEGER NOT NULL,
    cached              INTEGER NOT NULL,
    estimated           INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cache_write_tokens  INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    reasoning_tokens    INTEGER NOT NULL,
    cost_micros         INTEGER NOT NULL,
    first_byte_ms       INTEGER NOT NULL,
    first_bytes         INTEGER NOT NULL,
    duration_ms         INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, period_ms, dimension, at_ms, name)
) WITHOUT ROWID;

INSERT INTO usage_sums
SELECT tenant_id, 3600000, d.column1, at_ms, CASE d.column1 WHEN 'model' THEN model WHEN 'key' THEN key_name WHEN 'team' THEN team WHEN 'target' THEN target ELSE '' END,
    sum(requests), sum(completed), sum(refused), sum(failed), sum(cancelled), sum(broken), sum(cached), sum(estimated),
    sum(input_tokens), sum(cached_input_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
    sum(cost_micros), sum(first_byte_ms), sum(first_bytes), sum(duration_ms)
FROM usage_hourly CROSS JOIN (VALUES ('all'), ('model'), ('key'), ('team'), ('target')) AS d GROUP BY 1, 3, 4, 5;

INSERT INTO usage_sums
SELECT tenant_id, 86400000, d.column1, at_ms, CASE d.column1 WHEN 'model' THEN model WHEN 'key' THEN key_name WHEN 'team' THEN team WHEN 'target' THEN target ELSE '' END,
    sum(requests), sum(completed), sum(refused), sum(failed), sum(cancelled), sum(broken), sum(cached), sum(estimated),
    sum(input_tokens), sum(cached_input_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
    sum(cost_micros), sum(first_byte_ms), sum(first_bytes), sum(duration_ms)
FROM usage_daily CROSS JOIN (VALUES ('all'), ('model'), ('key'), ('team'), ('target')) AS d GROUP BY 1, 3, 4, 5;
