-- Definitions: immutable once registered.
CREATE TABLE definitions (
    tenant_id     TEXT    NOT NULL,
    namespace     TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    hash          TEXT    NOT NULL,              -- SHA-256 of the document, hexadecimal
    document      TEXT    NOT NULL,              -- as it was registered, YAML or JSON
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace, name, version)
) WITHOUT ROWID;

-- Runs. Journals and inboxes refer to a run by its number: four bytes in every row where the id has thirty-six.
CREATE TABLE runs (
    no              INTEGER PRIMARY KEY,
    tenant_id       TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    namespace       TEXT    NOT NULL,
    workflow        TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled')),
    priority        INTEGER NOT NULL DEFAULT 0,
    labels          TEXT    NOT NULL DEFAULT '{}',
    parent_id       TEXT,
    parent_key      TEXT,
    owner           TEXT,                        -- the node that has the run in memory
    fencing         INTEGER NOT NULL DEFAULT 0,  -- raised by every claim and every release: an old owner is refused
    request         TEXT    CHECK (request IN ('pause', 'cancel')),   -- asked of the owner, not done yet
    request_reason  TEXT,
    wake_at_ms      INTEGER,
    inbox_no        INTEGER NOT NULL DEFAULT 0,  -- number of the newest message
    error           TEXT,                        -- problem details, for failed, paused and cancelled runs
    created_at_ms   INTEGER NOT NULL,
    started_at_ms   INTEGER,
    updated_at_ms   INTEGER NOT NULL,
    ended_at_ms     INTEGER,
    CHECK (state = 'running' OR owner IS NULL),
    UNIQUE (tenant_id, id)
);
CREATE INDEX runs_queued ON runs (priority DESC, no) WHERE state = 'queued';
CREATE INDEX runs_waking ON runs (wake_at_ms) WHERE state = 'waiting' AND wake_at_ms IS NOT NULL;
CREATE INDEX runs_running ON runs (owner) WHERE state = 'running';
CREATE INDEX runs_by_state ON runs (tenant_id, state, no);
CREATE INDEX runs_by_workflow ON runs (tenant_id, namespace, workflow, no);
CREATE INDEX runs_by_parent ON runs (tenant_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE run_labels (
    tenant_id TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    run_no    INTEGER NOT NULL REFERENCES runs (no) ON DELETE CASCADE,
    PRIMARY KEY (tenant_id, name, value, run_no)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    tenant_id     TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    request_hash  TEXT    NOT NULL,
    run_id        TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;

-- Journals. A heap with an index, not clustered by its key: rows of many runs come interleaved, and a clustered table would be split half full.
CREATE TABLE journal (
    tenant_id TEXT    NOT NULL,
    run_no    INTEGER NOT NULL REFERENCES runs (no) ON DELETE CASCADE,
    seq       INTEGER NOT NULL,
    kind      INTEGER NOT NULL,                  -- see JournalRows
    at_ms     INTEGER NOT NULL,
    key       TEXT    NOT NULL,
    attempt   INTEGER,
    took_ms   INTEGER,
    body      BLOB,                              -- UTF-8 JSON
    body_hash BLOB,                              -- or where it stands among the payloads
    meta      TEXT,                              -- what else the kind says, as JSON
    PRIMARY KEY (tenant_id, run_no, seq)
);

-- Payloads over 64 KiB, by their SHA-256: stored once, however many entries refer to them.
CREATE TABLE payloads (
    tenant_id TEXT NOT NULL,
    hash      BLOB NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);

-- Messages to runs, until their journals consume them.
CREATE TABLE inbox (
    tenant_id   TEXT    NOT NULL,
    run_no      INTEGER NOT NULL REFERENCES runs (no) ON DELETE CASCADE,
    no          INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('signal', 'event', 'child_ended')),
    name        TEXT    NOT NULL,
    body        BLOB,
    body_hash   BLOB,
    child_state TEXT,
    child_error TEXT,
    PRIMARY KEY (tenant_id, run_no, no)
) WITHOUT ROWID;

-- Open subscriptions of runs to events. Null matches any.
CREATE TABLE listeners (
    tenant_id    TEXT    NOT NULL,
    run_no       INTEGER NOT NULL REFERENCES runs (no) ON DELETE CASCADE,
    key          TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    event_type   TEXT,
    event_source TEXT,
    PRIMARY KEY (tenant_id, run_no, key, position)
) WITHOUT ROWID;
CREATE INDEX listeners_by_type ON listeners (tenant_id, event_type);

-- What starts runs by itself. One row for each workflow, of its newest version that has a schedule.
CREATE TABLE schedules (
    tenant_id  TEXT    NOT NULL,
    namespace  TEXT    NOT NULL,
    workflow   TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('every', 'cron', 'after', 'on')),
    due_at_ms  INTEGER,                          -- null for 'on', and for 'after' while a run is under way
    collected  TEXT,                             -- for 'on': events that wait for the others of an 'all'
    PRIMARY KEY (tenant_id, namespace, workflow)
) WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (due_at_ms) WHERE due_at_ms IS NOT NULL;
