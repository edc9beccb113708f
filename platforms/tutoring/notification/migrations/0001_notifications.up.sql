CREATE TABLE notifications (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL,
    -- The event or the request that asked for it.
    event_id {string} NOT NULL,
    type {string} NOT NULL,
    title {string} NOT NULL,
    body {text} NOT NULL,
    data {json},
    -- Title and body in lower case.
    search_text {text} NOT NULL,
    read_at {timestamp},
    created_at {timestamp} NOT NULL,
    CONSTRAINT notifications_type CHECK (type IN ('course', 'assignment', 'achievement', 'payment', 'system'))
);

CREATE UNIQUE INDEX notifications_event ON notifications (event_id);

CREATE INDEX notifications_user ON notifications (user_id, created_at, id);

CREATE TABLE device_tokens (
    id {uuid} NOT NULL PRIMARY KEY,
    token {text} NOT NULL,
    -- The SHA-256 of the token, in hexadecimal. Tokens are too long for an index.
    token_hash {string} NOT NULL,
    user_id {uuid} NOT NULL,
    platform {string} NOT NULL,
    device_id {string},
    device_name {string},
    app_version {string},
    is_active {boolean} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT device_tokens_platform CHECK (platform IN ('ios', 'android', 'web'))
);

CREATE UNIQUE INDEX device_tokens_token ON device_tokens (token_hash);

CREATE INDEX device_tokens_user ON device_tokens (user_id, updated_at);

CREATE TABLE preferences (
    user_id {uuid} NOT NULL PRIMARY KEY,
    settings {json} NOT NULL,
    -- The verified address of the account, for users who want e-mail.
    email {string},
    updated_at {timestamp} NOT NULL
);

-- Pushes and mails that are not sent yet. A sent one has no row.
CREATE TABLE deliveries (
    id {uuid} NOT NULL PRIMARY KEY,
    notification_id {uuid} NOT NULL,
    -- Absent for e-mail.
    device_id {uuid},
    attempts {integer} NOT NULL,
    next_attempt_at {timestamp} NOT NULL,
    -- After this time nothing is sent.
    expires_at {timestamp},
    CONSTRAINT deliveries_notification FOREIGN KEY (notification_id) REFERENCES notifications (id) ON DELETE CASCADE,
    CONSTRAINT deliveries_device FOREIGN KEY (device_id) REFERENCES device_tokens (id) ON DELETE CASCADE
);

CREATE INDEX deliveries_next ON deliveries (next_attempt_at, id);

CREATE INDEX deliveries_of_notification ON deliveries (notification_id);

CREATE INDEX deliveries_of_device ON deliveries (device_id);
