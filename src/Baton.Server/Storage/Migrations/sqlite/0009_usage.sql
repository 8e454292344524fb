-- Calls of models, one by one. Written in batches behind the answers; kept for a while.
CREATE TABLE usage_records (
    tenant_id           TEXT    NOT NULL,
    at_ms               INTEGER NOT NULL,
    id                  TEXT    NOT NULL,
    key_name            TEXT    NOT NULL,
    team                TEXT,
    run_id              TEXT,
    step                TEXT,
    surface             TEXT    NOT NULL,
    route               TEXT    NOT NULL,
    model               TEXT    NOT NULL,
    target              TEXT    NOT NULL,
    upstream_model      TEXT    NOT NULL,
    attempts            INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL, -- of input_tokens
    cache_write_tokens  INTEGER NOT NULL, -- of input_tokens
    output_tokens       INTEGER NOT NULL,
    reasoning_tokens    INTEGER NOT NULL, -- of output_tokens
    is_estimated        INTEGER NOT NULL,
    cost_micros         INTEGER NOT NULL,
    first_byte_ms       INTEGER,
    duration_ms         INTEGER NOT NULL,
    outcome             TEXT    NOT NULL CHECK (outcome IN ('completed', 'refused', 'failed', 'cancelled', 'broken', 'cached')),
    status              INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, at_ms, id)
) WITHOUT ROWID;
CREATE INDEX usage_records_by_run ON usage_records (tenant_id, run_id, at_ms) WHERE run_id IS NOT NULL;

-- Their sums, by the hour and by the day: every node adds to the same rows. A question about a year reads days, and hours at its edges.
CREATE TABLE usage_hourly (
    tenant_id           TEXT    NOT NULL,
    at_ms               INTEGER NOT NULL,
    model               TEXT    NOT NULL,
    key_name            TEXT    NOT NULL,
    team                TEXT    NOT NULL,
    target              TEXT    NOT NULL,
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
    PRIMARY KEY (tenant_id, at_ms, model, key_name, team, target)
) WITHOUT ROWID;

CREATE TABLE usage_daily (
    tenant_id           TEXT    NOT NULL,
    at_ms               INTEGER NOT NULL,
    model               TEXT    NOT NULL,
    key_name            TEXT    NOT NULL,
    team                TEXT    NOT NULL,
    target              TEXT    NOT NULL,
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
    PRIMARY KEY (tenant_id, at_ms, model, key_name, team, target)
) WITHOUT ROWID;
