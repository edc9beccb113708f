-- The seats of an event. A transaction that changes joins of the event locks this row.
CREATE TABLE event_capacity (
    event_id {uuid} NOT NULL PRIMARY KEY,
    -- 0: unlimited, -1: the event is canceled
    capacity {integer} NOT NULL,
    active_count {integer} NOT NULL DEFAULT 0,
    waitlist_count {integer} NOT NULL DEFAULT 0,
    -- open, unpublished or canceled
    state {string} NOT NULL,
    owner_id {string},
    ends_at {timestamp},
    -- The time of the newest applied message about the event. Older messages are ignored.
    announced_at {timestamp} NOT NULL,
    -- The time of the last join. The next join gets a later time, even if the clock goes back.
    joined_at {timestamp},
    -- Increases with each change of the counts. counted_revision is the last one published.
    revision {bigint} NOT NULL DEFAULT 0,
    counted_revision {bigint} NOT NULL DEFAULT 0,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL
);

CREATE TABLE joins (
    id {uuid} NOT NULL PRIMARY KEY,
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    -- active, waitlisted, canceled, expired or rejected
    status {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    activated_at {timestamp},
    canceled_at {timestamp},
    canceled_by {uuid},
    canceled_reason {text},
    expired_at {timestamp},
    expired_reason {text},
    rejected_at {timestamp},
    rejected_by {string},
    rejected_reason {text}
);

CREATE UNIQUE INDEX joins_person ON joins (event_id, user_id);

CREATE INDEX joins_queue ON joins (event_id, status, created_at, id);

CREATE INDEX joins_user ON joins (user_id, created_at, id);

-- The status changes of all joins. Rows are never changed.
CREATE TABLE join_history (
    id {identity},
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    from_status {string},
    to_status {string} NOT NULL,
    reason {text},
    actor_id {string},
    happened_at {timestamp} NOT NULL,
    -- The revision of the event's counts after the change.
    revision {bigint} NOT NULL
);

CREATE INDEX join_history_event ON join_history (event_id, revision);

CREATE TABLE event_bans (
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    actor_id {string} NOT NULL,
    reason {text},
    expires_at {timestamp},
    created_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, user_id)
);

-- Keys are stored as SHA-256, because clients may send a text of any length.
CREATE TABLE idempotency_keys (
    key_hash {key_bytes} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    -- join or cancel
    action {string} NOT NULL,
    answer {string} NOT NULL,
    answered_at {timestamp} NOT NULL,
    expires_at {timestamp} NOT NULL
);

CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires_at);
