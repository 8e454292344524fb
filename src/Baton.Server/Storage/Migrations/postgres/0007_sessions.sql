-- The session that may write under a writer's name; 0 for none: see PostgresLane.
ALTER TABLE writers ADD COLUMN session bigint NOT NULL DEFAULT 0;
