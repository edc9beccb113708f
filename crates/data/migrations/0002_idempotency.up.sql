-- Whose share of the table the key takes: a hash, empty for keys of the version before.
ALTER TABLE idempotency_keys ADD COLUMN share {string} NOT NULL DEFAULT '';
-- Until when the call runs, in milliseconds since 1970; 0 for keys of the version before.
ALTER TABLE idempotency_keys ADD COLUMN run_ends_ms {bigint} NOT NULL DEFAULT 0;
-- What is known of a call without an answer: 0 nothing was committed, 1 it took effect, 2 unknown.
ALTER TABLE idempotency_keys ADD COLUMN outcome {bigint} NOT NULL DEFAULT 0;
