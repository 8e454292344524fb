-- What forking, searching, counting and removing runs needs.
ALTER TABLE runs ADD COLUMN forked_from TEXT;     -- the run whose journal this one's begins with
ALTER TABLE runs ADD COLUMN forked_seq  INTEGER;  -- entries before this position were copied

CREATE INDEX runs_by_time ON runs (tenant_id, created_at_ms);
CREATE INDEX runs_active ON runs (tenant_id, no) WHERE state IN ('queued', 'running', 'waiting', 'paused');
CREATE INDEX runs_ended ON runs (state, ended_at_ms) WHERE ended_at_ms IS NOT NULL;
CREATE INDEX runs_by_fork ON runs (tenant_id, forked_from) WHERE forked_from IS NOT NULL;

-- A payload goes when nothing refers to it any more.
CREATE INDEX journal_payloads ON journal (tenant_id, body_hash) WHERE body_hash IS NOT NULL;
CREATE INDEX inbox_payloads ON inbox (tenant_id, body_hash) WHERE body_hash IS NOT NULL;

-- A run goes with all that refers to it.
CREATE INDEX run_labels_by_run ON run_labels (run_no);
CREATE INDEX inbox_by_run ON inbox (run_no);
CREATE INDEX listeners_by_run ON listeners (run_no);
CREATE INDEX idempotency_keys_by_run ON idempotency_keys (tenant_id, run_id);

-- An entry is inserted by a statement that reads its run's row: that is its foreign key. As a constraint it would need an index of its own over every
-- entry, or each run that is removed would read the whole journal. SQLite describes this way to take one back: https://www.sqlite.org/lang_altertable.html
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES runs (no) ON DELETE CASCADE', '') WHERE type = 'table' AND name = 'journal';
PRAGMA writable_schema = RESET;
