-- The time in the message, and the time of receipt.
ALTER TABLE feed_events RENAME COLUMN told_at TO occurred_at;

ALTER TABLE feed_joins RENAME COLUMN told_at TO occurred_at;

ALTER TABLE feed_joins RENAME COLUMN heard_at TO received_at;
