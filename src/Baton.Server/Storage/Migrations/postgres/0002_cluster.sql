-- Who does the work. These belong to no tenant.
CREATE TABLE nodes (
    id              text COLLATE "C" NOT NULL PRIMARY KEY,
    started_at_ms   bigint NOT NULL,                 -- tells one life of a node from another
    heartbeat_at_ms bigint NOT NULL,
    process_id      bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('alive', 'draining', 'lapsed')),
    roles           text NOT NULL,
    version         text NOT NULL,
    host            text NOT NULL
);

-- What one node at a time does.
CREATE TABLE leases (
    name     text COLLATE "C" NOT NULL PRIMARY KEY,
    node     text NOT NULL,
    until_ms bigint NOT NULL
);

-- Runs are claimed in turn from each tenant; of a tenant's by urgency and age.
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (tenant_id, (created_at_ms - priority * 10000), no) WHERE state = 'queued';
