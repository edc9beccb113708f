-- The version of the owner's tokens at the creation. A later version ends the key.
ALTER TABLE account_api_keys ADD COLUMN version {bigint} NOT NULL DEFAULT 0;
