-- One live code per subject and purpose.
CREATE TABLE account_one_time_codes (
    subject {string} NOT NULL,
    purpose {string} NOT NULL,
    -- HMAC-SHA256 with the key of the settings, in hexadecimal digits.
    hash {string} NOT NULL,
    attempts {integer} NOT NULL,
    -- Microseconds since 1970: the last code, the first code of the hour, the end of the last code.
    sent_us {bigint} NOT NULL,
    window_us {bigint} NOT NULL,
    expires_us {bigint} NOT NULL,
    sent_count {integer} NOT NULL,
    PRIMARY KEY (subject, purpose)
);

CREATE INDEX account_one_time_codes_window ON account_one_time_codes (window_us);
