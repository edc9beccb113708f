-- A hash of the caller whose quota the key uses. Empty in rows of an earlier version.
ALTER TABLE idempotency_keys ADD COLUMN share {string} NOT NULL DEFAULT '';
-- The maximum end of the call, in milliseconds since 1970. 0 in rows of an earlier version.
ALTER TABLE idempotency_keys ADD COLUMN run_ends_ms {bigint} NOT NULL DEFAULT 0;
-- The outcome of a call without a stored response: 0 not committed, 1 committed, 2 unknown.
ALTER TABLE idempotency_keys ADD COLUMN outcome {bigint} NOT NULL DEFAULT 0;
