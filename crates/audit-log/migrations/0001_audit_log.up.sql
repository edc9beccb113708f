CREATE TABLE audit_log (
    sequence {bigint} NOT NULL PRIMARY KEY,
    -- Microseconds since 1970.
    at_us {bigint} NOT NULL,
    actor {string},
    tenant {string},
    action {string} NOT NULL,
    target_kind {string},
    target_id {string},
    outcome {string} NOT NULL,
    request_id {string},
    address {string},
    -- An object of texts.
    details {text} NOT NULL,
    -- HMAC-SHA-256 of this record and of the hash of the previous one.
    hash {key_bytes} NOT NULL
);

CREATE INDEX audit_log_at ON audit_log (at_us);

CREATE INDEX audit_log_actor ON audit_log (actor, sequence);

CREATE INDEX audit_log_target ON audit_log (target_kind, target_id, sequence);

-- The last record of the chain, and the first one after the last pruning. A writer locks this row.
CREATE TABLE audit_log_chain (
    name {string} NOT NULL PRIMARY KEY,
    last_sequence {bigint} NOT NULL,
    -- NULL while the log is empty.
    last_hash {key_bytes},
    pruned_sequence {bigint} NOT NULL,
    pruned_hash {key_bytes}
);

INSERT INTO audit_log_chain (name, last_sequence, pruned_sequence) VALUES ('chain', 0, 0);
