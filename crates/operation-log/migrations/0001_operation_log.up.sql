CREATE TABLE operation_logs (
    id {string} NOT NULL PRIMARY KEY,
    -- Microseconds since 1970.
    created_us {bigint} NOT NULL,
    user_id {string},
    operation {string} NOT NULL,
    target {string} NOT NULL,
    path {text} NOT NULL,
    -- The redacted request.
    content {text},
    -- The status and the reason. Unknown until the call has ended.
    status {integer},
    result {string} NOT NULL,
    duration_ms {bigint},
    request_id {string} NOT NULL,
    trace_id {string} NOT NULL,
    client_ip {string} NOT NULL
);

CREATE INDEX operation_logs_user ON operation_logs (user_id, created_us);

CREATE INDEX operation_logs_created ON operation_logs (created_us);
