-- Questions to people. One that is open while its run has ended is withdrawn: the run's own row says so.
CREATE TABLE approvals (
    tenant_id      TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    run_id         TEXT    NOT NULL,
    key            TEXT    NOT NULL,             -- the step that waits for the answer
    state          TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'expired')),
    assignee       TEXT,
    title          TEXT    NOT NULL,
    message        TEXT,
    choices        TEXT    NOT NULL,             -- a JSON list of texts
    data           TEXT,
    created_at_ms  INTEGER NOT NULL,
    deadline_ms    INTEGER,
    answered_at_ms INTEGER,
    answered_by    TEXT,
    choice         TEXT,
    comment        TEXT,
    CHECK ((state = 'answered') = (choice IS NOT NULL)),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX approvals_by_time ON approvals (tenant_id, created_at_ms, id);

-- Notifications that are to be sent. A row's due time is moved on by whoever takes it, and so it has one sender at a time.
CREATE TABLE outbox (
    tenant_id     TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    channel       TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    attempts      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    due_at_ms     INTEGER,                       -- null once it is given up
    error         TEXT,
    PRIMARY KEY (tenant_id, id, channel)
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The newest output of a task for an input, where an error policy may fall back on it.
CREATE TABLE task_outputs (
    tenant_id  TEXT    NOT NULL,
    namespace  TEXT    NOT NULL,
    workflow   TEXT    NOT NULL,
    task       TEXT    NOT NULL,
    input_hash TEXT    NOT NULL,
    output     TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, namespace, workflow, task, input_hash)
) WITHOUT ROWID;
