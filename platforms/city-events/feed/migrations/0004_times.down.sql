ALTER TABLE feed_joins RENAME COLUMN received_at TO heard_at;

ALTER TABLE feed_joins RENAME COLUMN occurred_at TO told_at;

ALTER TABLE feed_events RENAME COLUMN occurred_at TO told_at;
