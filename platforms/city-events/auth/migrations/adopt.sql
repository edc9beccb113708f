INSERT INTO users (id, email, password_hash, role, email_verified, locked, password_changed_at, username, avatar_image_id, created_at, updated_at)
    SELECT id, lower(btrim(email)), password_hash, role, email_verified, locked, password_changed_at, username, avatar_image_id, created_at, updated_at
    FROM {legacy}users;

-- The legacy service linked identities without a look at the address of the provider.
INSERT INTO oauth_identities (id, provider, provider_user_id, email, user_id, created_at, email_verified)
    SELECT id, provider, provider_user_id, email, user_id, created_at, FALSE FROM {legacy}oauth_identities;

-- Tokens from before the last ban, role or password stay revoked. The legacy service did not revoke the tokens of a user that
-- it locked, so the adoption does.
INSERT INTO account_versions (user_id, version, changed_us)
    SELECT CAST(id AS text), CASE WHEN locked THEN token_version + 1 ELSE token_version END,
        CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)
    FROM {legacy}users WHERE locked OR token_version > 0;
