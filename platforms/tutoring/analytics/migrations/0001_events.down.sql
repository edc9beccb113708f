-- on postgres:
DROP FUNCTION drop_events_partitions(TIMESTAMPTZ);
DROP FUNCTION create_events_partition(TIMESTAMPTZ);
-- end
DROP TABLE events;
