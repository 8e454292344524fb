-- Keys that were made here. Their secrets are not kept: a secret is found by its SHA-256, as 64 hexadecimal digits.
CREATE TABLE api_keys (
    tenant_id         TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    team              TEXT,
    scope             TEXT    NOT NULL CHECK (scope IN ('gateway', 'api', 'admin')),
    hash              TEXT    NOT NULL CHECK (length(hash) = 64),
    hint              TEXT    NOT NULL,
    previous_hash     TEXT,
    previous_until_ms INTEGER,
    models            TEXT    NOT NULL,             -- a JSON list of patterns
    limits            TEXT    NOT NULL,             -- a JSON list of limits
    created_at_ms     INTEGER NOT NULL,
    created_by        TEXT    NOT NULL,
    expires_at_ms     INTEGER,
    disabled          INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    last_used_at_ms   INTEGER,
    CHECK ((previous_hash IS NULL) = (previous_until_ms IS NULL)),
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
