CREATE TABLE account_sessions (
    id {string} NOT NULL PRIMARY KEY,
    user_id {string} NOT NULL,
    -- SHA-256 of the current refresh token.
    token_hash {key_bytes} NOT NULL UNIQUE,
    user_agent {string} NOT NULL,
    address {string} NOT NULL,
    -- Microseconds since 1970: the login, the last refresh, the expiry without a refresh, the last
    -- possible expiry.
    begun_us {bigint} NOT NULL,
    used_us {bigint} NOT NULL,
    until_us {bigint} NOT NULL,
    ends_us {bigint} NOT NULL
);

CREATE INDEX account_sessions_user ON account_sessions (user_id, used_us);

CREATE INDEX account_sessions_until ON account_sessions (until_us);

-- Rotated refresh tokens. A second use means that the token was stolen.
CREATE TABLE account_used_tokens (
    token_hash {key_bytes} NOT NULL PRIMARY KEY,
    session_id {string} NOT NULL,
    used_us {bigint} NOT NULL
);

CREATE INDEX account_used_tokens_session ON account_used_tokens (session_id);

CREATE TABLE account_versions (
    user_id {string} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL
);

-- Failed logins by account and by IP address.
CREATE TABLE account_failures (
    subject {string} NOT NULL PRIMARY KEY,
    failures {integer} NOT NULL,
    failed_us {bigint} NOT NULL,
    locked_until_us {bigint} NOT NULL
);

CREATE INDEX account_failures_failed ON account_failures (failed_us);

CREATE TABLE account_one_time_tokens (
    token_hash {key_bytes} NOT NULL PRIMARY KEY,
    purpose {string} NOT NULL,
    user_id {string} NOT NULL,
    until_us {bigint} NOT NULL
);

CREATE INDEX account_one_time_tokens_user ON account_one_time_tokens (user_id, purpose);

CREATE INDEX account_one_time_tokens_until ON account_one_time_tokens (until_us);

CREATE TABLE account_second_factors (
    user_id {string} NOT NULL PRIMARY KEY,
    -- Encrypted for this row only.
    secret {bytes} NOT NULL,
    confirmed {boolean} NOT NULL,
    -- The step of the last code. A code is valid once.
    last_step {bigint} NOT NULL
);

CREATE TABLE account_recovery_codes (
    user_id {string} NOT NULL,
    code_hash {key_bytes} NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);
