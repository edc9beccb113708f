CREATE TABLE captchas (
    -- SHA-256 of the ID, which the client has.
    id_hash {key_bytes} NOT NULL PRIMARY KEY,
    -- Keyed hashes of the answer, and of the kind and address.
    answer {bytes} NOT NULL,
    binding {bytes} NOT NULL,
    tries {integer} NOT NULL,
    -- Microseconds since 1970.
    until_us {bigint} NOT NULL
);

CREATE INDEX captchas_until ON captchas (until_us);
