DROP TABLE inbox_attempts;

DROP TABLE inbox;

DROP TABLE outbox_lane;

DROP TABLE outbox;
