DROP TABLE idempotency_keys;
DROP TABLE event_bans;
DROP TABLE join_history;
DROP TABLE joins;
DROP TABLE event_capacity;
