-- Questions to people. One that is open while its run has ended is withdrawn: the run's own row says so.
CREATE TABLE approvals (
    tenant_id      text   COLLATE "C" NOT NULL,
    id             text   COLLATE "C" NOT NULL,
    run_id         text   COLLATE "C" NOT NULL,
    key            text   COLLATE "C" NOT NULL,             -- the step that waits for the answer
    state          text   COLLATE "C" NOT NULL CHECK (state IN ('open', 'answered', 'expired')),
    assignee       text,
    title          text   COLLATE "C" NOT NULL,
    message        text,
    choices        text   COLLATE "C" NOT NULL, -- a JSON list of texts
    data           text,
    created_at_ms  bigint NOT NULL,
    deadline_ms    bigint,
    answered_at_ms bigint,
    answered_by    text,
    choice         text,
    comment        text,
    CHECK ((state = 'answered') = (choice IS NOT NULL)),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX approvals_by_time ON approvals (tenant_id, created_at_ms, id);

-- Notifications that are to be sent. A row's due time is moved on by whoever takes it, and so it has one sender at a time.
CREATE TABLE outbox (
    tenant_id     text   COLLATE "C" NOT NULL,
    id            text   COLLATE "C" NOT NULL,
    channel       text   COLLATE "C" NOT NULL,
    kind          text   COLLATE "C" NOT NULL,
    subject       text   COLLATE "C" NOT NULL,
    body          text   COLLATE "C" NOT NULL,
    attempts      bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    due_at_ms     bigint,                       -- null once it is given up
    error         text,
    PRIMARY KEY (tenant_id, id, channel)
);
CREATE INDEX outbox_due ON outbox (due_at_ms) WHERE due_at_ms IS NOT NULL;

-- The newest output of a task for an input, where an error policy may fall back on it.
CREATE TABLE task_outputs (
    tenant_id  text   COLLATE "C" NOT NULL,
    namespace  text   COLLATE "C" NOT NULL,
    workflow   text   COLLATE "C" NOT NULL,
    task       text   COLLATE "C" NOT NULL,
    input_hash text   COLLATE "C" NOT NULL,
    output     text   COLLATE "C" NOT NULL,
    at_ms      bigint NOT NULL,
    PRIMARY KEY (tenant_id, namespace, workflow, task, input_hash)
);
