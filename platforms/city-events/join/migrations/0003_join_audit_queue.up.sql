-- Status changes of joins that are not in the audit log. A worker moves them there in batches,
-- because each append to the audit log locks the log for all other transactions.
CREATE TABLE join_audit_queue (
    id {identity},
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    to_status {string} NOT NULL,
    from_status {string},
    actor_id {string},
    request_id {string},
    happened_at {timestamp} NOT NULL
);
