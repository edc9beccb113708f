CREATE TABLE users (
    id {string} NOT NULL PRIMARY KEY,
    -- Trimmed and in lower case.
    email {string} NOT NULL,
    password_hash {text} NOT NULL
);

CREATE UNIQUE INDEX users_email ON users (email);
