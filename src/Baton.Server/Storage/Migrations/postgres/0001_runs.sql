-- The same tables as on SQLite. Texts compare byte by byte (COLLATE "C"), as they do there. Columns of fixed width stand first, and the journal has no
-- NULLs: both save bytes in every row.

CREATE TABLE definitions (
    tenant_id     text   COLLATE "C" NOT NULL,
    namespace     text   COLLATE "C" NOT NULL,
    name          text   COLLATE "C" NOT NULL,
    version       text   COLLATE "C" NOT NULL,
    hash          text   NOT NULL,
    document      text   NOT NULL,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, namespace, name, version)
);

CREATE SEQUENCE runs_no CACHE 1;

CREATE TABLE runs (
    no              bigint NOT NULL DEFAULT nextval('runs_no'),
    priority        bigint NOT NULL DEFAULT 0,
    fencing         bigint NOT NULL DEFAULT 0,
    inbox_no        bigint NOT NULL DEFAULT 0,
    created_at_ms   bigint NOT NULL,
    updated_at_ms   bigint NOT NULL,
    wake_at_ms      bigint,
    started_at_ms   bigint,
    ended_at_ms     bigint,
    tenant_id       text   COLLATE "C" NOT NULL,
    id              text   COLLATE "C" NOT NULL,
    namespace       text   COLLATE "C" NOT NULL,
    workflow        text   COLLATE "C" NOT NULL,
    version         text   COLLATE "C" NOT NULL,
    state           text   COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled')),
    labels          text   NOT NULL DEFAULT '{}',
    parent_id       text   COLLATE "C",
    parent_key      text   COLLATE "C",
    owner           text   COLLATE "C",
    request         text   CHECK (request IN ('pause', 'cancel')),
    request_reason  text,
    error           text,
    CHECK (state = 'running' OR owner IS NULL),
    PRIMARY KEY (tenant_id, no),
    UNIQUE (tenant_id, id)
);
CREATE INDEX runs_queued ON runs (priority DESC, no) WHERE state = 'queued';
CREATE INDEX runs_waking ON runs (wake_at_ms) WHERE state = 'waiting' AND wake_at_ms IS NOT NULL;
CREATE INDEX runs_running ON runs (owner) WHERE state = 'running';
CREATE INDEX runs_by_state ON runs (tenant_id, state, no) WHERE state <> 'completed';   -- most are, and those are found by their numbers
CREATE INDEX runs_by_workflow ON runs (tenant_id, namespace, workflow, no);
CREATE INDEX runs_by_parent ON runs (tenant_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE run_labels (
    run_no    bigint NOT NULL,
    tenant_id text   COLLATE "C" NOT NULL,
    name      text   COLLATE "C" NOT NULL,
    value     text   COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, name, value, run_no),
    FOREIGN KEY (tenant_id, run_no) REFERENCES runs ON DELETE CASCADE
);

CREATE TABLE idempotency_keys (
    created_at_ms bigint NOT NULL,
    tenant_id     text   COLLATE "C" NOT NULL,
    key           text   COLLATE "C" NOT NULL,
    request_hash  text   NOT NULL,
    run_id        text   NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

-- An entry is inserted by a statement that reads its run's row: that is its foreign key, at no cost for a trigger in each row.
CREATE TABLE journal (
    run_no    bigint   NOT NULL,
    at_ms     bigint   NOT NULL,
    took_ms   bigint   NOT NULL DEFAULT -1,      -- -1 for none
    seq       integer  NOT NULL,
    attempt   integer  NOT NULL DEFAULT 0,       -- 0 for none
    kind      smallint NOT NULL,                 -- see JournalRows
    tenant_id text     COLLATE "C" NOT NULL,
    key       text     COLLATE "C" NOT NULL,
    meta      text     NOT NULL DEFAULT '',
    body_hash bytea    NOT NULL DEFAULT '',
    body      bytea    NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, run_no, seq)
) WITH (fillfactor = 100);

CREATE TABLE payloads (
    tenant_id text  COLLATE "C" NOT NULL,
    hash      bytea NOT NULL,
    body      bytea NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);

CREATE TABLE inbox (
    run_no      bigint NOT NULL,
    no          bigint NOT NULL,
    tenant_id   text   COLLATE "C" NOT NULL,
    kind        text   NOT NULL CHECK (kind IN ('signal', 'event', 'child_ended')),
    name        text   NOT NULL,
    child_state text,
    child_error text,
    body_hash   bytea,
    body        bytea,
    PRIMARY KEY (tenant_id, run_no, no),
    FOREIGN KEY (tenant_id, run_no) REFERENCES runs ON DELETE CASCADE
);

CREATE TABLE listeners (
    run_no       bigint  NOT NULL,
    position     integer NOT NULL,
    tenant_id    text    COLLATE "C" NOT NULL,
    key          text    COLLATE "C" NOT NULL,
    event_type   text    COLLATE "C",
    event_source text    COLLATE "C",
    PRIMARY KEY (tenant_id, run_no, key, position),
    FOREIGN KEY (tenant_id, run_no) REFERENCES runs ON DELETE CASCADE
);
CREATE INDEX listeners_by_type ON listeners (tenant_id, event_type);

CREATE TABLE schedules (
    due_at_ms bigint,
    tenant_id text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    workflow  text COLLATE "C" NOT NULL,
    version   text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('every', 'cron', 'after', 'on')),
    collected text,
    PRIMARY KEY (tenant_id, namespace, workflow)
);
CREATE INDEX schedules_due ON schedules (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- A row for each writer of each node: see PostgresLane.
CREATE TABLE writers (
    batch bigint  NOT NULL,
    lane  integer NOT NULL,
    node  text    COLLATE "C" NOT NULL,
    PRIMARY KEY (node, lane)
) WITH (fillfactor = 10);
