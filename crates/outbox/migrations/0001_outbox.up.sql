CREATE TABLE outbox (
    sequence {identity},
    id {string} NOT NULL,
    topic {string} NOT NULL,
    message_key {string},
    event_type {string} NOT NULL,
    headers {text} NOT NULL,
    payload {bytes} NOT NULL,
    -- The lane of the message. One relay at a time processes a lane, which keeps the order of each key.
    lane {integer} NOT NULL,
    -- 0: pending, 2: waits for the next attempt, 3: dead letter
    state {integer} NOT NULL DEFAULT 0,
    attempts {integer} NOT NULL DEFAULT 0,
    last_error {text},
    -- Microseconds since 1970: the creation, and the next attempt.
    created_us {bigint} NOT NULL,
    until_us {bigint} NOT NULL DEFAULT 0
);

CREATE INDEX outbox_free ON outbox (lane, state, sequence);

CREATE TABLE outbox_lane (
    lane {integer} NOT NULL PRIMARY KEY,
    claim {string},
    -- Microseconds since 1970: the end of the claim, and the last claim.
    until_us {bigint} NOT NULL DEFAULT 0,
    claimed_us {bigint} NOT NULL DEFAULT 0
);

INSERT INTO outbox_lane (lane) VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15);

CREATE TABLE inbox (
    consumer {string} NOT NULL,
    message_id {string} NOT NULL,
    received_us {bigint} NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE INDEX inbox_received ON inbox (received_us);

CREATE TABLE inbox_attempts (
    consumer {string} NOT NULL,
    message_id {string} NOT NULL,
    attempts {integer} NOT NULL,
    last_error {text} NOT NULL,
    attempted_us {bigint} NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE INDEX inbox_attempts_attempted ON inbox_attempts (attempted_us);
