CREATE TABLE account_api_keys (
    id {string} NOT NULL PRIMARY KEY,
    -- SHA-256 of the key.
    key_hash {key_bytes} NOT NULL UNIQUE,
    user_id {string} NOT NULL,
    name {string} NOT NULL,
    -- Separated by spaces.
    scopes {text} NOT NULL,
    -- Microseconds since 1970.
    created_us {bigint} NOT NULL,
    until_us {bigint} NOT NULL
);

CREATE INDEX account_api_keys_user ON account_api_keys (user_id, created_us);

CREATE INDEX account_api_keys_until ON account_api_keys (until_us);
