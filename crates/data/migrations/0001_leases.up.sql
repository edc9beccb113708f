CREATE TABLE leases (
    name {string} NOT NULL PRIMARY KEY,
    holder {string} NOT NULL,
    token {bigint} NOT NULL,
    -- Microseconds since 1970.
    until_us {bigint} NOT NULL
);
