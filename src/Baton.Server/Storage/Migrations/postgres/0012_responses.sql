-- Conversations of stored responses: all of one is kept until a while after its last turn.
CREATE TABLE response_conversations (
    tenant_id  text   COLLATE "C" NOT NULL,
    id         text   COLLATE "C" NOT NULL,  -- that of its first response
    last_at_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX response_conversations_by_age ON response_conversations (last_at_ms);

-- Each holds its own turn; what came before it is found by previous_id.
CREATE TABLE responses (
    tenant_id       text   COLLATE "C" NOT NULL,
    id              text   COLLATE "C" NOT NULL,
    conversation_id text   COLLATE "C" NOT NULL,
    previous_id     text   COLLATE "C",       -- perhaps of one that was removed since
    key_id          text   COLLATE "C" NOT NULL, -- whose it is; empty for the tenant's own credentials
    turns           bigint NOT NULL CHECK (turns >= 1),
    total_bytes     bigint NOT NULL,          -- of all turns up to this one
    tokens          bigint NOT NULL,          -- of all turns up to this one
    created_at_ms   bigint NOT NULL,
    head            bytea  NOT NULL,          -- the response as JSON, without its output
    input           bytea  NOT NULL,          -- a JSON list of items
    output          bytea  NOT NULL,          -- a JSON list of items
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES response_conversations (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX responses_by_conversation ON responses (tenant_id, conversation_id);
