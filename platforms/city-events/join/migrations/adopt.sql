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

INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at, activated_at, canceled_at, canceled_by, canceled_reason, expired_at, expired_reason, rejected_at, rejected_by, rejected_reason)
    SELECT id, event_id, user_id, CAST(status AS text), created_at, updated_at, activated_at, canceled_at, canceled_by, canceled_reason, expired_at, expired_reason, rejected_at, CAST(rejected_by AS text), rejected_reason
    FROM {legacy}joins;

-- The counts come from the joins. The first revision is not published, so other services get it.
INSERT INTO event_capacity (event_id, capacity, active_count, waitlist_count, state, announced_at, joined_at, revision, counted_revision, created_at, updated_at)
    SELECT c.event_id, c.capacity, coalesce(j.active, 0), coalesce(j.waitlisted, 0),
        CASE WHEN c.capacity < 0 THEN 'canceled' ELSE 'open' END,
        c.created_at, j.joined_at, 1, 0, c.created_at, c.updated_at
    FROM {legacy}event_capacity c LEFT JOIN (
        SELECT event_id, count(*) FILTER (WHERE status = 'active') AS active,
            count(*) FILTER (WHERE status = 'waitlisted') AS waitlisted, max(created_at) AS joined_at
        FROM {legacy}joins GROUP BY event_id
    ) AS j ON j.event_id = c.event_id;

INSERT INTO event_bans (event_id, user_id, actor_id, reason, expires_at, created_at)
    SELECT event_id, user_id, CAST(actor_id AS text), reason, expires_at, created_at FROM {legacy}event_bans;

-- The legacy service stored no answer. The present status of the join is the best one.
INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at)
    SELECT sha256(convert_to(k.key, 'UTF8')), k.user_id, k.event_id, k.action,
        CASE WHEN k.action = 'cancel' THEN 'canceled' WHEN j.status = 'waitlisted' THEN 'waitlisted' ELSE 'active' END,
        k.created_at, k.expires_at
    FROM {legacy}idempotency_keys k LEFT JOIN {legacy}joins j ON j.event_id = k.event_id AND j.user_id = k.user_id
    WHERE k.expires_at > now() AND k.action IN ('join', 'cancel');

-- Messages that the legacy service has not published, in their order.
INSERT INTO outbox (id, topic, message_key, partition_id, event_type, headers, payload, state, attempts, last_error, created_us)
    SELECT CAST(message_id AS text), routing_key, key, pg_temp.outbox_partition(coalesce(key, CAST(message_id AS text))), routing_key,
        CAST(jsonb_build_array(
            jsonb_build_array('ce_specversion', '1.0'),
            jsonb_build_array('ce_id', message_id),
            jsonb_build_array('ce_source', 'join-service'),
            jsonb_build_array('ce_type', routing_key),
            jsonb_build_array('ce_datacontenttype', 'application/json')
        ) || CASE WHEN key IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_array('ce_partitionkey', key)) END AS text),
        convert_to(CAST(payload AS text), 'UTF8'), state, attempt, last_error,
        CAST(extract(epoch FROM occurred_at) * 1000000 AS bigint)
    FROM (
        SELECT o.*,
            -- A dead letter without a key does not delay later messages of its event.
            CASE WHEN o.status = 'dead' THEN NULL ELSE o.payload ->> 'event_id' END AS key,
            CASE WHEN o.status = 'dead' THEN 3 ELSE 0 END AS state
        FROM {legacy}outbox o WHERE o.status <> 'sent'
    ) AS unsent ORDER BY occurred_at, id;

-- Messages of the legacy queue that are moved to the queue of this service have no second effect.
INSERT INTO inbox (consumer, message_id, received_us)
    SELECT 'city-events.join', message_id, CAST(extract(epoch FROM max(processed_at)) * 1000000 AS bigint)
    FROM {legacy}processed_messages WHERE length(message_id) <= 255 GROUP BY message_id;
