CREATE TABLE users (
    id {uuid} NOT NULL PRIMARY KEY,
    -- Trimmed and in lower case.
    email {string} NOT NULL,
    password_hash {text},
    role {string} NOT NULL,
    email_verified {boolean} NOT NULL,
    locked {boolean} NOT NULL,
    password_changed_at {timestamp},
    username {string},
    avatar_image_id {uuid},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT users_role CHECK (role IN ('user', 'moderator', 'admin'))
);

CREATE UNIQUE INDEX users_email ON users (email);

CREATE INDEX users_role_id ON users (role, id);

CREATE TABLE oauth_identities (
    id {uuid} NOT NULL PRIMARY KEY,
    provider {string} NOT NULL,
    provider_user_id {string} NOT NULL,
    email {string},
    user_id {uuid} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT oauth_identities_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX oauth_identities_subject ON oauth_identities (provider, provider_user_id);

CREATE INDEX oauth_identities_user ON oauth_identities (user_id);
