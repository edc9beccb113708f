-- The messages to an address that count towards its limit.
CREATE TABLE captcha_targets (
    -- Keyed hash of the kind and the address.
    target {key_bytes} NOT NULL,
    slot {integer} NOT NULL,
    -- Microseconds since 1970.
    until_us {bigint} NOT NULL,
    PRIMARY KEY (target, slot)
);

CREATE INDEX captcha_targets_until ON captcha_targets (until_us);
