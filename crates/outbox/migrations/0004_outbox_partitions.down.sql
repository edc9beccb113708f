ALTER TABLE outbox RENAME COLUMN partition_id TO lane;

CREATE TABLE outbox_lane (
    lane {integer} NOT NULL PRIMARY KEY,
    claim {string},
    until_us {bigint} NOT NULL DEFAULT 0,
    claimed_us {bigint} NOT NULL DEFAULT 0
);

INSERT INTO outbox_lane (lane, claim, until_us, claimed_us)
    SELECT partition_id, claim, until_us, claimed_us FROM outbox_partitions;

DROP TABLE outbox_partitions;
