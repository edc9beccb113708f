-- Canceled events with joins that are not expired. The worker deletes the row after the last join.
-- The status of the joins alone shows which are left.
CREATE TABLE event_cancellations (
    event_id {uuid} NOT NULL PRIMARY KEY,
    reason {text} NOT NULL,
    -- The trace of the message that canceled the event, empty if it had none.
    trace_id {string} NOT NULL,
    -- The time of the cancellation, from its message.
    canceled_at {timestamp} NOT NULL
);
