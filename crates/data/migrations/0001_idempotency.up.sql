CREATE TABLE idempotency_keys (
    -- The SHA-256 of caller and key: what a caller sends is of any length and may hold credentials.
    digest {string} NOT NULL PRIMARY KEY,
    token {bigint} NOT NULL,
    fingerprint {key_bytes} NOT NULL,
    -- Milliseconds since 1970.
    ends_ms {bigint} NOT NULL,
    -- None while the request runs.
    status {integer},
    headers {bytes},
    body {bytes},
    size {bigint} NOT NULL
);

CREATE INDEX idempotency_keys_ends ON idempotency_keys (ends_ms, size);
