-- concurrently
ALTER TABLE runs ADD COLUMN IF NOT EXISTS forked_seq bigint;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS forked_from text COLLATE "C";
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_by_time ON runs (tenant_id, created_at_ms);
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_active ON runs (tenant_id, no) WHERE state IN ('queued', 'running', 'waiting', 'paused');
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_ended ON runs (state, ended_at_ms) WHERE ended_at_ms IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_by_fork ON runs (tenant_id, forked_from) WHERE forked_from IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS journal_payloads ON journal (tenant_id, body_hash) WHERE body_hash <> '';
CREATE INDEX CONCURRENTLY IF NOT EXISTS inbox_payloads ON inbox (tenant_id, body_hash) WHERE body_hash IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS run_labels_by_run ON run_labels (tenant_id, run_no);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idempotency_keys_by_run ON idempotency_keys (tenant_id, run_id);
