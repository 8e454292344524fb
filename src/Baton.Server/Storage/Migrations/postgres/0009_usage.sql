-- Calls of models, one by one. Written in batches behind the answers; kept for a while.
CREATE TABLE usage_records (
    tenant_id           text   COLLATE "C" NOT NULL,
    at_ms               bigint NOT NULL,
    id                  text   COLLATE "C" NOT NULL,
    key_name            text   COLLATE "C" NOT NULL,
    team                text   COLLATE "C",
    run_id              text   COLLATE "C",
    step                text   COLLATE "C",
    surface             text   COLLATE "C" NOT NULL,
    route               text   COLLATE "C" NOT NULL,
    model               text   COLLATE "C" NOT NULL,
    target              text   COLLATE "C" NOT NULL,
    upstream_model      text   COLLATE "C" NOT NULL,
    attempts            bigint NOT NULL,
    input_tokens        bigint NOT NULL,
    cached_input_tokens bigint NOT NULL, -- of input_tokens
    cache_write_tokens  bigint NOT NULL, -- of input_tokens
    output_tokens       bigint NOT NULL,
    reasoning_tokens    bigint NOT NULL, -- of output_tokens
    is_estimated        bigint NOT NULL,
    cost_micros         bigint NOT NULL,
    first_byte_ms       bigint,
    duration_ms         bigint NOT NULL,
    outcome             text   COLLATE "C" NOT NULL CHECK (outcome IN ('completed', 'refused', 'failed', 'cancelled', 'broken', 'cached')),
    status              bigint NOT NULL,
    PRIMARY KEY (tenant_id, at_ms, id)
);
CREATE INDEX usage_records_by_run ON usage_records (tenant_id, run_id, at_ms) WHERE run_id IS NOT NULL;

-- Their sums, by the hour and by the day: every node adds to the same rows. A question about a year reads days, and hours at its edges.
CREATE TABLE usage_hourly (
    tenant_id           text   COLLATE "C" NOT NULL,
    at_ms               bigint NOT NULL,
    model               text   COLLATE "C" NOT NULL,
    key_name            text   COLLATE "C" NOT NULL,
    team                text   COLLATE "C" NOT NULL,
    target              text   COLLATE "C" NOT NULL,
    requests            bigint NOT NULL,
    completed           bigint NOT NULL,
    refused             bigint NOT NULL,
    failed              bigint NOT NULL,
    cancelled           bigint NOT NULL,
    broken              bigint NOT NULL,
    cached              bigint NOT NULL,
    estimated           bigint NOT NULL,
    input_tokens        bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    cache_write_tokens  bigint NOT NULL,
    output_tokens       bigint NOT NULL,
    reasoning_tokens    bigint NOT NULL,
    cost_micros         bigint NOT NULL,
    first_byte_ms       bigint NOT NULL,
    first_bytes         bigint NOT NULL,
    duration_ms         bigint NOT NULL,
    PRIMARY KEY (tenant_id, at_ms, model, key_name, team, target)
);

CREATE TABLE usage_daily (
    tenant_id           text   COLLATE "C" NOT NULL,
    at_ms               bigint NOT NULL,
    model               text   COLLATE "C" NOT NULL,
    key_name            text   COLLATE "C" NOT NULL,
    team                text   COLLATE "C" NOT NULL,
    target              text   COLLATE "C" NOT NULL,
    requests            bigint NOT NULL,
    completed           bigint NOT NULL,
    refused             bigint NOT NULL,
    failed              bigint NOT NULL,
    cancelled           bigint NOT NULL,
    broken              bigint NOT NULL,
    cached              bigint NOT NULL,
    estimated           bigint NOT NULL,
    input_tokens        bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    cache_write_tokens  bigint NOT NULL,
    output_tokens       bigint NOT NULL,
    reasoning_tokens    bigint NOT NULL,
    cost_micros         bigint NOT NULL,
    first_byte_ms       bigint NOT NULL,
    first_bytes         bigint NOT NULL,
    duration_ms         bigint NOT NULL,
    PRIMARY KEY (tenant_id, at_ms, model, key_name, team, target)
);
