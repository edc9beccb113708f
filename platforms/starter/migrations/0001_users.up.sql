CREATE TABLE users (
    id {uuid} NOT NULL PRIMARY KEY,
    -- Encrypted, each beside its blind index. E-mail and phone may be absent.
    username {text} NOT NULL,
    username_index {key_bytes} NOT NULL,
    email {text},
    email_index {key_bytes},
    phone {text},
    phone_index {key_bytes},
    password_hash {text} NOT NULL,
    created_at {timestamp} NOT NULL
);

CREATE UNIQUE INDEX users_username ON users (username_index);

CREATE UNIQUE INDEX users_email ON users (email_index);

CREATE UNIQUE INDEX users_phone ON users (phone_index);

CREATE TABLE user_roles (
    user_id {uuid} NOT NULL,
    role {string} NOT NULL,
    PRIMARY KEY (user_id, role),
    CONSTRAINT user_roles_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
