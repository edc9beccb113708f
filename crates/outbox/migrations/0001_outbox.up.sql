CREATE TABLE outbox (
    sequence {identity},
    id {string} NOT NULL,
    topic {string} NOT NULL,
    message_key {string},
    event_type {string} NOT NULL,
    headers {text} NOT NULL,
    payload {bytes} NOT NULL,
    -- 0 free, 1 claimed, 2 waiting for another attempt, 3 parked
    state {integer} NOT NULL DEFAULT 0,
    claim {string},
    attempts {integer} NOT NULL DEFAULT 0,
    last_error {text},
    -- Microseconds since 1970: when it was stored, and until when it is claimed or waits.
    created_us {bigint} NOT NULL,
    until_us {bigint} NOT NULL DEFAULT 0
);

CREATE INDEX outbox_free ON outbox (state, sequence);

CREATE INDEX outbox_until ON outbox (state, until_us);

CREATE INDEX outbox_key ON outbox (message_key, state);

CREATE INDEX outbox_claim ON outbox (claim);

-- One relay claims at a time, for a few milliseconds: whoever holds this row.
CREATE TABLE outbox_turn (
    name {string} NOT NULL PRIMARY KEY
);

INSERT INTO outbox_turn (name) VALUES ('claim');

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
