-- The journals of runs that ended some time ago, a row each: of what a step of 200 bytes takes in the journal, a third is the header of its row, columns that all rows of the run share, and
-- its key in the index. See JournalPacker.
CREATE TABLE packed_journals (
    run_no    bigint NOT NULL,
    at_ms     bigint NOT NULL,
    tenant_id text   COLLATE "C" NOT NULL,
    heads     text   NOT NULL,      -- a JSON array of [seq, kind, ms since at_ms, attempt, took_ms, key] or [..., key, meta], in order
    bodies    bytea[] NOT NULL,     -- one for each head
    PRIMARY KEY (tenant_id, run_no)
) WITH (toast_tuple_target = 256);
-- In the row as long as it fits into a page, and compressed where that gains anything, however short.
ALTER TABLE packed_journals ALTER COLUMN heads SET STORAGE MAIN, ALTER COLUMN bodies SET STORAGE MAIN;

-- How far each state's ended runs have been packed.
CREATE TABLE packing (
    ended_at_ms bigint NOT NULL,
    run_no      bigint NOT NULL,
    state       text   COLLATE "C" PRIMARY KEY
);
INSERT INTO packing VALUES (0, 0, 'completed'), (0, 0, 'failed'), (0, 0, 'cancelled');

CREATE VIEW packed_entries AS
SELECT p.tenant_id, p.run_no, (e.head ->> 0)::integer AS seq, (e.head ->> 1)::smallint AS kind, p.at_ms + (e.head ->> 2)::bigint AS at_ms, (e.head ->> 5) COLLATE "C" AS key,
    (e.head ->> 3)::integer AS attempt, (e.head ->> 4)::bigint AS took_ms, e.body, ''::bytea AS body_hash, coalesce(e.head ->> 6, '') AS meta
FROM packed_journals p CROSS JOIN LATERAL ROWS FROM (json_array_elements(p.heads::json), unnest(p.bodies)) AS e (head, body);

-- What is read of a run's journal, wherever it stands.
CREATE VIEW entries AS
SELECT tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta FROM journal
UNION ALL SELECT tenant_id, run_no, seq, kind, at_ms, key, attempt, took_ms, body, body_hash, meta FROM packed_entries;

-- Rows that are packed leave their places to new ones as soon as they are vacuumed: not only after a fifth of all have gone.
ALTER TABLE journal SET (autovacuum_vacuum_scale_factor = 0.02);
