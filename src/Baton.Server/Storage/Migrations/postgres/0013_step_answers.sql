-- What models answered to steps of runs that have not ended: whoever carries out an attempt again, because its process died or lost the run before the outcome was in the journal, finds it here.
CREATE TABLE step_answers (
    run_no    bigint NOT NULL,
    tenant_id text   COLLATE "C" NOT NULL,
    key       text   COLLATE "C" NOT NULL,      -- of the call: the step, which of its calls, and the attempt
    request   text   NOT NULL,                  -- SHA-256 of what was asked
    answer    text   NOT NULL,                  -- JSON
    PRIMARY KEY (tenant_id, run_no, key),
    FOREIGN KEY (tenant_id, run_no) REFERENCES runs ON DELETE CASCADE
);
