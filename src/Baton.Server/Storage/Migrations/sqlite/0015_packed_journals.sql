-- What is read of a run's journal, wherever it stands: here in one place, on PostgreSQL in two.
CREATE VIEW entries AS SELECT tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta FROM journal;
