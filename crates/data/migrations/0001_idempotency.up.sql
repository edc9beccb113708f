CREATE TABLE idempotency_keys (
    -- SHA-256 of the caller and the key. The key may have any length and may contain credentials.
    digest {string} NOT NULL PRIMARY KEY,
    token {bigint} NOT NULL,
    fingerprint {key_bytes} NOT NULL,
    -- Milliseconds since 1970.
    ends_ms {bigint} NOT NULL,
    -- NULL while the request runs.
    status {integer},
    headers {bytes},
    body {bytes},
    size {bigint} NOT NULL
);

CREATE INDEX idempotency_keys_ends ON idempotency_keys (ends_ms, size);
