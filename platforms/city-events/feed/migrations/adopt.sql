INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, occurred_at)
    SELECT event_id, title, coalesce(city, ''), coalesce(tags[1], ''), lower(title || chr(10) || coalesce(city, '')), start_time, status,
        CAST(to_jsonb(coalesce(cover_image_ids, '{}')) AS text), coalesce(synced_at, CAST('epoch' AS timestamptz))
    FROM {legacy}event_index;

INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at)
    SELECT actor_key, event_id, event_type, to_char(bucket_date, 'YYYY-MM-DD'), max(coalesce(occurred_at, CAST(bucket_date AS timestamptz)))
    FROM {legacy}user_events WHERE event_type <> 'join' GROUP BY actor_key, event_id, event_type, bucket_date;

INSERT INTO feed_joins (actor, event_id, kind, occurred_at, received_at)
    SELECT actor_key, event_id, 'join', happened_at, happened_at
    FROM (SELECT DISTINCT actor_key, event_id, coalesce(occurred_at, CAST(bucket_date AS timestamptz)) AS happened_at
        FROM {legacy}user_events WHERE event_type = 'join') AS joined;

-- Actions that the legacy service has not processed.
INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at)
    SELECT actor_key, event_id, event_type, to_char(bucket_date, 'YYYY-MM-DD'), max(coalesce(created_at, CAST(bucket_date AS timestamptz)))
    FROM {legacy}track_outbox WHERE processed_at IS NULL AND event_type IN ('view', 'impression')
    GROUP BY actor_key, event_id, event_type, bucket_date
    ON CONFLICT DO NOTHING;

-- The scores of migration 3.
INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'join',
        CASE WHEN since > now() - INTERVAL '24 hours' THEN 12 ELSE 4 END,
        CASE WHEN since > now() - INTERVAL '24 hours' THEN since + INTERVAL '24 hours' ELSE since + INTERVAL '168 hours' END,
        since + INTERVAL '168 hours'
    FROM (
        SELECT j.event_id, j.actor, MAX(j.received_at) AS since FROM feed_joins j
        WHERE j.kind = 'join' AND j.received_at > now() - INTERVAL '168 hours' AND NOT EXISTS (
            SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave'
                AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.occurred_at >= j.occurred_at ELSE l.revision > j.revision END)
        GROUP BY j.event_id, j.actor
    ) AS joined;

INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'view', 1, MAX(happened_at) + INTERVAL '24 hours', MAX(happened_at) + INTERVAL '24 hours'
    FROM feed_actions WHERE kind = 'view' AND happened_at > now() - INTERVAL '24 hours' GROUP BY event_id, actor;

INSERT INTO feed_scores (event_id, points, is_listed, start_time)
    SELECT e.event_id,
        COALESCE((SELECT SUM(c.points) FROM feed_contributions c WHERE c.event_id = e.event_id), 0),
        CASE WHEN e.status = 'published' AND e.start_time IS NOT NULL THEN TRUE ELSE FALSE END, e.start_time
    FROM feed_events e;

INSERT INTO feed_scores (event_id, points, is_listed, start_time)
    SELECT c.event_id, SUM(c.points), FALSE, NULL FROM feed_contributions c
    WHERE NOT EXISTS (SELECT 1 FROM feed_events e WHERE e.event_id = c.event_id) GROUP BY c.event_id;
