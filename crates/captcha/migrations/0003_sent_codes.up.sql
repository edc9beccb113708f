-- Sent codes in a window: those of one IP address, and all.
CREATE TABLE captcha_sent_codes (
    -- Keyed hash of the kind, and of the network of the client if there is one.
    subject {key_bytes} NOT NULL PRIMARY KEY,
    sent {integer} NOT NULL,
    -- The end of the window in microseconds since 1970.
    until_us {bigint} NOT NULL
);

CREATE INDEX captcha_sent_codes_until ON captcha_sent_codes (until_us);
