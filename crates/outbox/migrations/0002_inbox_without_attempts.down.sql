CREATE TABLE inbox_attempts (
    consumer {string} NOT NULL,
    message_id {string} NOT NULL,
    attempts {integer} NOT NULL,
    last_error {text} NOT NULL,
    attempted_us {bigint} NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE INDEX inbox_attempts_attempted ON inbox_attempts (attempted_us);
