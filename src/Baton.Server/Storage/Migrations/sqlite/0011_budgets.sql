-- How much may be spent on models, in micro-dollars.
CREATE TABLE budgets (
    tenant_id     TEXT NOT NULL,
    id            TEXT NOT NULL,
    name          TEXT NOT NULL,
    team          TEXT,
    key           TEXT,
    model         TEXT,
    period        TEXT NOT NULL CHECK (period IN ('hour', 'day', 'week', 'month', 'total')),
    limit_micro   INTEGER NOT NULL CHECK (limit_micro >= 0),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
) WITHOUT ROWID;

-- What was spent in a period: the sum of what its slices have reported.
CREATE TABLE budget_periods (
    tenant_id    TEXT NOT NULL,
    budget_id    TEXT NOT NULL,
    starts_at_ms INTEGER NOT NULL,
    spent_micro  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, budget_id, starts_at_ms),
    FOREIGN KEY (tenant_id, budget_id) REFERENCES budgets (tenant_id, id) ON DELETE CASCADE
) WITHOUT ROWID;

-- What is lent to a process: from what it has reported up to its ceiling nobody else can spend it.
CREATE TABLE budget_slices (
    tenant_id      TEXT NOT NULL,
    budget_id      TEXT NOT NULL,
    starts_at_ms   INTEGER NOT NULL,
    slice          TEXT NOT NULL,              -- one life of a process
    node           TEXT NOT NULL,
    reported_micro INTEGER NOT NULL,
    ceiling_micro  INTEGER NOT NULL CHECK (ceiling_micro >= reported_micro),
    lost           INTEGER NOT NULL DEFAULT 0,    -- 1: the process is dead, or was taken for dead
    PRIMARY KEY (tenant_id, budget_id, starts_at_ms, slice),
    FOREIGN KEY (tenant_id, budget_id, starts_at_ms) REFERENCES budget_periods (tenant_id, budget_id, starts_at_ms) ON DELETE CASCADE
) WITHOUT ROWID;
