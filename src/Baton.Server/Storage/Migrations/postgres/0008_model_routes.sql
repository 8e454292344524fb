-- Models that tenants have named by the API, beside those of the settings. The document is JSON; version is a digest of name and document.
CREATE TABLE model_routes (
    tenant_id     text   COLLATE "C" NOT NULL,
    key           text   COLLATE "C" NOT NULL,  -- the name in small letters: callers may write others
    name          text   COLLATE "C" NOT NULL,
    version       text   COLLATE "C" NOT NULL,
    document      text   COLLATE "C" NOT NULL,
    updated_at_ms bigint NOT NULL,
    updated_by    text   COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
