DROP TABLE inbox_attempts;

DROP TABLE inbox;

DROP TABLE outbox_turn;

DROP TABLE outbox;
