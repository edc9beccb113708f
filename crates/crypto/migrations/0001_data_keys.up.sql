-- Data keys, each encrypted by the root key.
CREATE TABLE kms_data_keys (
    id {uuid} NOT NULL PRIMARY KEY,
    version {string} NOT NULL,
    algorithm {string} NOT NULL CHECK (algorithm IN ('AES-256-GCM', 'ChaCha20-Poly1305')),
    encrypted_key {bytes} NOT NULL,
    -- A hash of the key with version and algorithm.
    key_hash {string} NOT NULL,
    status {string} NOT NULL CHECK (status IN ('active', 'inactive', 'expired', 'revoked')),
    created_at {timestamp} NOT NULL,
    activated_at {timestamp},
    expires_at {timestamp} NOT NULL,
    -- The name of the root key, and when no value needed the key.
    metadata {json} NOT NULL
);

CREATE UNIQUE INDEX kms_data_keys_version ON kms_data_keys (version);

-- One key is active at most.
-- on postgres, sqlite:
CREATE UNIQUE INDEX kms_data_keys_active ON kms_data_keys (status) WHERE status = 'active';
-- end

-- on mysql:
ALTER TABLE kms_data_keys
    ADD COLUMN active_key BOOLEAN AS (CASE WHEN status = 'active' THEN TRUE END) STORED;

CREATE UNIQUE INDEX kms_data_keys_active ON kms_data_keys (active_key);
-- end

-- Keys that are never rotated, such as those of blind indexes.
CREATE TABLE kms_purpose_keys (
    name {string} NOT NULL PRIMARY KEY,
    encrypted_key {bytes} NOT NULL,
    key_hash {string} NOT NULL,
    metadata {json} NOT NULL
);
