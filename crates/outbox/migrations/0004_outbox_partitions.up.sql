-- One relay at a time processes a partition, which keeps the order of each key.
CREATE TABLE outbox_partitions (
    partition_id {integer} NOT NULL PRIMARY KEY,
    claim {string},
    -- Microseconds since 1970: the end of the claim, and the last claim.
    until_us {bigint} NOT NULL DEFAULT 0,
    claimed_us {bigint} NOT NULL DEFAULT 0
);

INSERT INTO outbox_partitions (partition_id, claim, until_us, claimed_us)
    SELECT lane, claim, until_us, claimed_us FROM outbox_lane;

DROP TABLE outbox_lane;

ALTER TABLE outbox RENAME COLUMN lane TO partition_id;
