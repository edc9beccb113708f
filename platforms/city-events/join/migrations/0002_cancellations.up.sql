-- Canceled events whose joins are not all expired. The worker deletes the row after the last one. Which joins are left follows from their status alone.
CREATE TABLE event_cancellations (
    event_id {uuid} NOT NULL PRIMARY KEY,
    reason {text} NOT NULL,
    -- The trace of the message that canceled the event, empty if it had none.
    trace_id {string} NOT NULL,
    -- When the event was canceled, as its message says.
    canceled_at {timestamp} NOT NULL
);
