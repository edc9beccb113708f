-- The partition of a message key: FNV-1a modulo 16, of which only the lowest four bits count.
CREATE FUNCTION pg_temp.outbox_partition(text) RETURNS integer LANGUAGE sql AS '
    WITH RECURSIVE hash (position, partition_id) AS (
        SELECT 0, 5
        UNION ALL
        SELECT position + 1, ((partition_id # (get_byte(convert_to($1, ''UTF8''), position) & 15)) * 3) & 15
        FROM hash WHERE position < octet_length($1)
    )
    SELECT partition_id FROM hash ORDER BY position DESC LIMIT 1
';

INSERT INTO events (id, owner_id, title, description, city, city_norm, category, start_time, end_time, capacity, active_participants, status, published_at, canceled_at, created_at, updated_at, cover_image_ids)
    SELECT id, owner_id, title, description, city, city_norm, category, start_time, end_time, capacity, active_participants, status, published_at, canceled_at, created_at, updated_at, cover_image_ids
    FROM {legacy}events;

-- Messages that the legacy service has not published, in their order.
INSERT INTO outbox (id, topic, message_key, partition_id, event_type, headers, payload, state, attempts, last_error, created_us)
    SELECT CAST(message_id AS text), routing_key, key, pg_temp.outbox_partition(coalesce(key, CAST(message_id AS text))), routing_key,
        CAST(jsonb_build_array(
            jsonb_build_array('ce_specversion', '1.0'),
            jsonb_build_array('ce_id', message_id),
            jsonb_build_array('ce_source', 'event-service'),
            jsonb_build_array('ce_type', routing_key),
            jsonb_build_array('ce_datacontenttype', 'application/json')
        ) || CASE WHEN key IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_array('ce_partitionkey', key)) END AS text),
        convert_to(CAST(body AS text), 'UTF8'), state, attempts, last_error,
        CAST(extract(epoch FROM created_at) * 1000000 AS bigint)
    FROM (
        SELECT o.*,
            -- A dead letter without a key does not delay later messages of its event.
            CASE WHEN o.status = 'dead' THEN NULL ELSE o.body -> 'payload' ->> 'event_id' END AS key,
            CASE WHEN o.status = 'dead' THEN 3 ELSE 0 END AS state
        FROM {legacy}event_outbox o WHERE o.status <> 'sent'
    ) AS unsent ORDER BY id;

-- Other services learn owner, end and category, which the legacy services did not store.
INSERT INTO outbox (id, topic, message_key, partition_id, event_type, headers, payload, created_us)
    SELECT CAST(message_id AS text), 'event.updated', CAST(id AS text), pg_temp.outbox_partition(CAST(id AS text)), 'event.updated',
        CAST(jsonb_build_array(
            jsonb_build_array('ce_specversion', '1.0'),
            jsonb_build_array('ce_id', message_id),
            jsonb_build_array('ce_source', 'event-service'),
            jsonb_build_array('ce_type', 'event.updated'),
            jsonb_build_array('ce_datacontenttype', 'application/json'),
            jsonb_build_array('ce_partitionkey', id),
            jsonb_build_array('ce_dataversion', '1')
        ) AS text),
        convert_to(CAST(jsonb_build_object(
            'version', 1, 'producer', 'event-service', 'message_id', message_id, 'occurred_at', now(),
            'payload', jsonb_build_object(
                'event_id', id, 'owner_id', owner_id, 'title', title, 'city', city, 'category', category,
                'start_time', start_time, 'end_time', end_time, 'capacity', capacity, 'status', status,
                'cover_image_ids', CASE WHEN jsonb_typeof(cover_image_ids) = 'array' THEN cover_image_ids ELSE '[]' END
            )
        ) AS text), 'UTF8'),
        CAST(extract(epoch FROM now()) * 1000000 AS bigint)
    FROM (SELECT e.*, gen_random_uuid() AS message_id FROM {legacy}events e WHERE e.status = 'published' ORDER BY e.start_time, e.id) AS published;
