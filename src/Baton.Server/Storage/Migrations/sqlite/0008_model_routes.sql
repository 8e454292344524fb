-- Models that tenants have named by the API, beside those of the settings. The document is JSON; version is a digest of name and document.
CREATE TABLE model_routes (
    tenant_id     TEXT    NOT NULL,
    key           TEXT    NOT NULL,             -- the name in small letters: callers may write others
    name          TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    updated_by    TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;
