-- What models answered to steps of runs that have not ended: whoever carries out an attempt again, because its process died or lost the run before the outcome was in the journal, finds it here.
CREATE TABLE step_answers (
    tenant_id TEXT    NOT NULL,
    run_no    INTEGER NOT NULL REFERENCES runs (no) ON DELETE CASCADE,
    key       TEXT    NOT NULL,                 -- of the call: the step, which of its calls, and the attempt
    request   TEXT    NOT NULL,                 -- SHA-256 of what was asked
    answer    TEXT    NOT NULL,                 -- JSON
    PRIMARY KEY (tenant_id, run_no, key)
);
