-- Codes and links that were used once, until they expire.
CREATE TABLE account_replays (
    -- SHA-256 of the value and its purpose.
    use_hash {key_bytes} NOT NULL PRIMARY KEY,
    -- Microseconds since 1970, by the database's clock.
    until_us {bigint} NOT NULL
);

CREATE INDEX account_replays_until ON account_replays (until_us);
