-- How much may be spent on models, in micro-dollars.
CREATE TABLE budgets (
    tenant_id     text NOT NULL,
    id            text NOT NULL,
    name          text NOT NULL,
    team          text,
    key           text,
    model         text,
    period        text NOT NULL CHECK (period IN ('hour', 'day', 'week', 'month', 'total')),
    limit_micro   bigint NOT NULL CHECK (limit_micro >= 0),
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

-- What was spent in a period: the sum of what its slices have reported.
CREATE TABLE budget_periods (
    tenant_id    text NOT NULL,
    budget_id    text NOT NULL,
    starts_at_ms bigint NOT NULL,
    spent_micro  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, budget_id, starts_at_ms),
    FOREIGN KEY (tenant_id, budget_id) REFERENCES budgets (tenant_id, id) ON DELETE CASCADE
);

-- What is lent to a process: from what it has reported up to its ceiling nobody else can spend it.
CREATE TABLE budget_slices (
    tenant_id      text NOT NULL,
    budget_id      text NOT NULL,
    starts_at_ms   bigint NOT NULL,
    slice          text NOT NULL,              -- one life of a process
    node           text NOT NULL,
    reported_micro bigint NOT NULL,
    ceiling_micro  bigint NOT NULL CHECK (ceiling_micro >= reported_micro),
    lost           bigint NOT NULL DEFAULT 0,    -- 1: the process is dead, or was taken for dead
    PRIMARY KEY (tenant_id, budget_id, starts_at_ms, slice),
    FOREIGN KEY (tenant_id, budget_id, starts_at_ms) REFERENCES budget_periods (tenant_id, budget_id, starts_at_ms) ON DELETE CASCADE
);
