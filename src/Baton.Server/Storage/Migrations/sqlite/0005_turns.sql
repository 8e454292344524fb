-- Runs of workflows that limit how many may be open at once wait for their turn before their first step.
ALTER TABLE runs ADD COLUMN turn               INTEGER;  -- 0 waits for its key, 1 has its key and waits for the workflow, 2 is open; null once it has ended
ALTER TABLE runs ADD COLUMN turn_key           TEXT;
ALTER TABLE runs ADD COLUMN turn_limit         INTEGER;  -- the workflow's; null for none
ALTER TABLE runs ADD COLUMN turn_limit_per_key INTEGER;

CREATE INDEX runs_turns_by_key ON runs (tenant_id, namespace, workflow, turn_key, turn, (created_at_ms - priority * 10000), no) WHERE turn IS NOT NULL;
CREATE INDEX runs_turns ON runs (tenant_id, namespace, workflow, turn, (created_at_ms - priority * 10000), no) WHERE turn IS NOT NULL;
