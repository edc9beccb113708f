-- The places of an event. Whoever changes them holds this row.
CREATE TABLE event_capacity (
    event_id {uuid} NOT NULL PRIMARY KEY,
    -- 0 for as many as are wanted, -1 once the event is canceled
    capacity {integer} NOT NULL,
    active_count {integer} NOT NULL DEFAULT 0,
    waitlist_count {integer} NOT NULL DEFAULT 0,
    -- open, unpublished or canceled
    state {string} NOT NULL,
    owner_id {string},
    ends_at {timestamp},
    -- When what is known of the event happened: what happened earlier is old news.
    announced_at {timestamp} NOT NULL,
    -- The last moment that was given to a join: the next one gets a later one, so that no two of an event are equal, whatever clocks say.
    joined_at {timestamp},
    -- Grows with each change of the counts, and the one that was told again last.
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

-- What became of every place, and is never changed.
CREATE TABLE join_history (
    id {identity},
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    from_status {string},
    to_status {string} NOT NULL,
    reason {text},
    actor_id {string},
    happened_at {timestamp} NOT NULL,
    -- That of the event's counts after it.
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

-- Keys are kept as their hashes, because clients may send any text.
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
