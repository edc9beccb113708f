CREATE TABLE outbox (
    sequence {identity},
    id {string} NOT NULL,
    topic {string} NOT NULL,
    message_key {string},
    event_type {string} NOT NULL,
    headers {text} NOT NULL,
    payload {bytes} NOT NULL,
    -- Which of the lanes it is in: one relay at a time has a lane, so that the messages of a key keep their order.
    lane {integer} NOT NULL,
    -- 0 free, 2 waiting for another attempt, 3 parked
    state {integer} NOT NULL DEFAULT 0,
    attempts {integer} NOT NULL DEFAULT 0,
    last_error {text},
    -- Microseconds since 1970: when it was stored, and until when it waits.
    created_us {bigint} NOT NULL,
    until_us {bigint} NOT NULL DEFAULT 0
);

CREATE INDEX outbox_free ON outbox (lane, state, sequence);

CREATE TABLE outbox_lane (
    lane {integer} NOT NULL PRIMARY KEY,
    claim {string},
    -- Microseconds since 1970: until when it is claimed, and when it was claimed last.
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
