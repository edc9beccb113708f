CREATE TABLE symbol_history (
    sequence {identity},
    message_id {string} NOT NULL,
    kind {string} NOT NULL,
    symbol_id {bigint} NOT NULL,
    -- The bits of an unsigned number.
    project_id {bigint} NOT NULL,
    uid {string} NOT NULL,
    version {bigint},
    happened_at {timestamp},
    request_id {string}
);

CREATE INDEX symbol_history_symbol ON symbol_history (symbol_id, sequence);
