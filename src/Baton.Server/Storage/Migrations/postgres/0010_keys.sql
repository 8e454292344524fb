-- Keys that were made here. Their secrets are not kept: a secret is found by its SHA-256, as 64 hexadecimal digits.
CREATE TABLE api_keys (
    tenant_id         text   COLLATE "C" NOT NULL,
    id                text   COLLATE "C" NOT NULL,
    name              text   COLLATE "C" NOT NULL,
    team              text   COLLATE "C",
    scope             text   COLLATE "C" NOT NULL CHECK (scope IN ('gateway', 'api', 'admin')),
    hash              text   COLLATE "C" NOT NULL CHECK (length(hash) = 64),
    hint              text   COLLATE "C" NOT NULL,
    previous_hash     text   COLLATE "C",
    previous_until_ms bigint,
    models            text   COLLATE "C" NOT NULL,             -- a JSON list of patterns
    limits            text   COLLATE "C" NOT NULL,             -- a JSON list of limits
    created_at_ms     bigint NOT NULL,
    created_by        text   COLLATE "C" NOT NULL,
    expires_at_ms     bigint,
    disabled          bigint NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    last_used_at_ms   bigint,
    CHECK ((previous_hash IS NULL) = (previous_until_ms IS NULL)),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
