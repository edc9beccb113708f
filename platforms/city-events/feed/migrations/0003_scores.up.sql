-- One row per actor whose join or view counts for an event.
CREATE TABLE feed_contributions (
    event_id {uuid} NOT NULL,
    actor {string} NOT NULL,
    -- join or view
    kind CHAR(4) NOT NULL,
    -- Half score points: 12 for a join in its first day, then 4, and 1 for a view.
    points {bigint} NOT NULL,
    -- Time of the next decrease.
    expires_at {timestamp} NOT NULL,
    -- Time of the last decrease.
    ends_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, actor, kind)
);

CREATE INDEX feed_contributions_expiry ON feed_contributions (expires_at);

-- Sum of the contributions of an event. Rows of unknown events have no start time.
CREATE TABLE feed_scores (
    event_id {uuid} NOT NULL PRIMARY KEY,
    points {bigint} NOT NULL,
    -- Published and not started.
    is_listed {boolean} NOT NULL,
    start_time {timestamp}
);

CREATE INDEX feed_scores_rank ON feed_scores (is_listed, points DESC, start_time, event_id DESC);

CREATE INDEX feed_scores_start ON feed_scores (is_listed, start_time);

-- Changes of scores, as long as a cursor is valid. Later pages subtract them.
CREATE TABLE feed_score_changes (
    id {identity},
    event_id {uuid} NOT NULL,
    changed_at {timestamp} NOT NULL,
    points {bigint} NOT NULL
);

CREATE INDEX feed_score_changes_time ON feed_score_changes (changed_at);

CREATE INDEX feed_score_changes_event ON feed_score_changes (event_id, changed_at);

-- Includes the ID, which is the second key of the order of filtered lists.
CREATE INDEX feed_events_order ON feed_events (status, start_time, event_id);

-- on postgres, sqlite:
DROP INDEX feed_events_listed;
-- end
-- on mysql:
DROP INDEX feed_events_listed ON feed_events;
-- end

-- on postgres:
INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'join',
        CASE WHEN since > now() - INTERVAL '24 hours' THEN 12 ELSE 4 END,
        CASE WHEN since > now() - INTERVAL '24 hours' THEN since + INTERVAL '24 hours' ELSE since + INTERVAL '168 hours' END,
        since + INTERVAL '168 hours'
    FROM (
        SELECT j.event_id, j.actor, MAX(j.heard_at) AS since FROM feed_joins j
        WHERE j.kind = 'join' AND j.heard_at > now() - INTERVAL '168 hours' AND NOT EXISTS (
            SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave'
                AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)
        GROUP BY j.event_id, j.actor
    ) AS joined;

INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'view', 1, MAX(happened_at) + INTERVAL '24 hours', MAX(happened_at) + INTERVAL '24 hours'
    FROM feed_actions WHERE kind = 'view' AND happened_at > now() - INTERVAL '24 hours' GROUP BY event_id, actor;
-- end
-- on mysql:
INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'join',
        CASE WHEN since > CURRENT_TIMESTAMP(6) - INTERVAL 24 HOUR THEN 12 ELSE 4 END,
        CASE WHEN since > CURRENT_TIMESTAMP(6) - INTERVAL 24 HOUR THEN since + INTERVAL 24 HOUR ELSE since + INTERVAL 168 HOUR END,
        since + INTERVAL 168 HOUR
    FROM (
        SELECT j.event_id, j.actor, MAX(j.heard_at) AS since FROM feed_joins j
        WHERE j.kind = 'join' AND j.heard_at > CURRENT_TIMESTAMP(6) - INTERVAL 168 HOUR AND NOT EXISTS (
            SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave'
                AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)
        GROUP BY j.event_id, j.actor
    ) AS joined;

INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'view', 1, MAX(happened_at) + INTERVAL 24 HOUR, MAX(happened_at) + INTERVAL 24 HOUR
    FROM feed_actions WHERE kind = 'view' AND happened_at > CURRENT_TIMESTAMP(6) - INTERVAL 24 HOUR GROUP BY event_id, actor;
-- end
-- on sqlite:
INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'join',
        CASE WHEN since > strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-24 hours') THEN 12 ELSE 4 END,
        strftime('%Y-%m-%dT%H:%M:%f000Z', since,
            CASE WHEN since > strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-24 hours') THEN '+24 hours' ELSE '+168 hours' END),
        strftime('%Y-%m-%dT%H:%M:%f000Z', since, '+168 hours')
    FROM (
        SELECT j.event_id, j.actor, MAX(j.heard_at) AS since FROM feed_joins j
        WHERE j.kind = 'join' AND j.heard_at > strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-168 hours') AND NOT EXISTS (
            SELECT 1 FROM feed_joins l WHERE l.event_id = j.event_id AND l.actor = j.actor AND l.kind = 'leave'
                AND CASE WHEN l.revision IS NULL OR j.revision IS NULL THEN l.told_at >= j.told_at ELSE l.revision > j.revision END)
        GROUP BY j.event_id, j.actor
    ) AS joined;

INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at)
    SELECT event_id, actor, 'view', 1,
        strftime('%Y-%m-%dT%H:%M:%f000Z', MAX(happened_at), '+24 hours'),
        strftime('%Y-%m-%dT%H:%M:%f000Z', MAX(happened_at), '+24 hours')
    FROM feed_actions WHERE kind = 'view' AND happened_at > strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-24 hours')
    GROUP BY event_id, actor;
-- end

INSERT INTO feed_scores (event_id, points, is_listed, start_time)
    SELECT e.event_id,
        COALESCE((SELECT SUM(c.points) FROM feed_contributions c WHERE c.event_id = e.event_id), 0),
        CASE WHEN e.status = 'published' AND e.start_time IS NOT NULL THEN TRUE ELSE FALSE END, e.start_time
    FROM feed_events e;

INSERT INTO feed_scores (event_id, points, is_listed, start_time)
    SELECT c.event_id, SUM(c.points), FALSE, NULL FROM feed_contributions c
    WHERE NOT EXISTS (SELECT 1 FROM feed_events e WHERE e.event_id = c.event_id) GROUP BY c.event_id;
