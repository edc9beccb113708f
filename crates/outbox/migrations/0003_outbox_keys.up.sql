-- For each row the relay checks whether another row of its key was rejected.
CREATE INDEX outbox_keys ON outbox (lane, state, message_key);
