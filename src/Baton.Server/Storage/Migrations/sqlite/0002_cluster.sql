-- Who does the work. These belong to no tenant.
CREATE TABLE nodes (
    id              TEXT NOT NULL PRIMARY KEY,
    started_at_ms   INTEGER NOT NULL,                 -- tells one life of a node from another
    heartbeat_at_ms INTEGER NOT NULL,
    process_id      INTEGER NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('alive', 'draining', 'lapsed')),
    roles           TEXT NOT NULL,
    version         TEXT NOT NULL,
    host            TEXT NOT NULL
) WITHOUT ROWID;

-- What one node at a time does.
CREATE TABLE leases (
    name     TEXT NOT NULL PRIMARY KEY,
    node     TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Runs are claimed in turn from each tenant; of a tenant's by urgency and age.
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (tenant_id, (created_at_ms - priority * 10000), no) WHERE state = 'queued';
