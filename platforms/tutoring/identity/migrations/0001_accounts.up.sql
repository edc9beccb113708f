CREATE TABLE accounts (
    id {uuid} NOT NULL PRIMARY KEY,
    -- In lower case.
    email {string},
    username {string},
    -- The user name in lower case.
    username_key {string},
    phone {string},
    password_hash {text},
    google_id {string},
    is_email_verified {boolean} NOT NULL,
    is_phone_verified {boolean} NOT NULL,
    approval_status {string},
    version {bigint} NOT NULL,
    disabled_at {timestamp},
    last_login_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT accounts_approval CHECK (approval_status IN ('pending', 'approved', 'rejected'))
);

CREATE UNIQUE INDEX accounts_email ON accounts (email);

CREATE UNIQUE INDEX accounts_username ON accounts (username_key);

CREATE UNIQUE INDEX accounts_phone ON accounts (phone);

CREATE UNIQUE INDEX accounts_google ON accounts (google_id);

CREATE INDEX accounts_unverified ON accounts (is_email_verified, is_phone_verified, created_at);
