-- The relay asks for each row whether its key has a refused row.
CREATE INDEX outbox_keys ON outbox (lane, state, message_key);
