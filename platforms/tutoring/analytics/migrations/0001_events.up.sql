-- Rows are never changed. PostgreSQL stores each month in a partition.
-- on postgres:
CREATE TABLE events (
    id {uuid} NOT NULL,
    event_type {string} NOT NULL,
    user_id {uuid},
    course_id {uuid},
    metadata {json} NOT NULL,
    occurred_at {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL,
    PRIMARY KEY (occurred_at, id)
) PARTITION BY RANGE (occurred_at);

-- Creates the partition of a month in UTC. Returns whether it was missing.
CREATE FUNCTION create_events_partition(moment TIMESTAMPTZ) RETURNS BOOLEAN AS $$
DECLARE
    month TIMESTAMP := date_trunc('month', moment AT TIME ZONE 'UTC');
    name TEXT := 'events_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN FALSE;
    END IF;
    -- Two replicas do not create it at the same time.
    PERFORM pg_advisory_xact_lock(hashtext('create_events_partition'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
        name, month AT TIME ZONE 'UTC', (month + INTERVAL '1 month') AT TIME ZONE 'UTC'
    );
    RETURN TRUE;
END
$$ LANGUAGE plpgsql;

-- Drops the partitions that end before a moment. Returns their number.
CREATE FUNCTION drop_events_partitions(before TIMESTAMPTZ) RETURNS BIGINT AS $$
DECLARE
    child NAME;
    dropped BIGINT := 0;
BEGIN
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'events'::regclass ORDER BY c.relname
    LOOP
        IF (to_date(right(child, 7), 'YYYY_MM') + INTERVAL '1 month') AT TIME ZONE 'UTC' <= before THEN
            EXECUTE format('DROP TABLE %I', child);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END
$$ LANGUAGE plpgsql;
-- end

-- on mysql, sqlite:
CREATE TABLE events (
    id {uuid} NOT NULL PRIMARY KEY,
    event_type {string} NOT NULL,
    user_id {uuid},
    course_id {uuid},
    metadata {json} NOT NULL,
    occurred_at {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL
);

CREATE INDEX events_occurred ON events (occurred_at, id);
-- end

CREATE INDEX events_type ON events (event_type, occurred_at);

CREATE INDEX events_user ON events (user_id, occurred_at);

CREATE INDEX events_course ON events (course_id, occurred_at);
