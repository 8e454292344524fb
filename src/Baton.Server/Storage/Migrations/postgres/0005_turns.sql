-- concurrently
ALTER TABLE runs ADD COLUMN IF NOT EXISTS turn_limit bigint;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS turn_limit_per_key bigint;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS turn bigint;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS turn_key text COLLATE "C";
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_turns_by_key ON runs (tenant_id, namespace, workflow, turn_key, turn, (created_at_ms - priority * 10000), no) WHERE turn IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS runs_turns ON runs (tenant_id, namespace, workflow, turn, (created_at_ms - priority * 10000), no) WHERE turn IS NOT NULL;
