-- Conversations of stored responses: all of one is kept until a while after its last turn.
CREATE TABLE response_conversations (
    tenant_id  TEXT    NOT NULL,
    id         TEXT    NOT NULL,             -- that of its first response
    last_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX response_conversations_by_age ON response_conversations (last_at_ms);

-- Each holds its own turn; what came before it is found by previous_id.
CREATE TABLE responses (
    tenant_id       TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    previous_id     TEXT,                    -- perhaps of one that was removed since
    key_id          TEXT    NOT NULL,        -- whose it is; empty for the tenant's own credentials
    turns           INTEGER NOT NULL CHECK (turns >= 1),
    total_bytes     INTEGER NOT NULL,        -- of all turns up to this one
    tokens          INTEGER NOT NULL,        -- of all turns up to this one
    created_at_ms   INTEGER NOT NULL,
    head            BLOB    NOT NULL,        -- the response as JSON, without its output
    input           BLOB    NOT NULL,        -- a JSON list of items
    output          BLOB    NOT NULL,        -- a JSON list of items
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES response_conversations (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX responses_by_conversation ON responses (tenant_id, conversation_id);
