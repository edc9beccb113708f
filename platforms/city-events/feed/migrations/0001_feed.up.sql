-- What is known of events, from what was told of them.
CREATE TABLE feed_events (
    event_id {uuid} NOT NULL PRIMARY KEY,
    title {text} NOT NULL,
    city {string} NOT NULL,
    category {string} NOT NULL,
    -- Title and city in lower case, for what is looked for.
    words {text} NOT NULL,
    start_time {timestamp},
    status {string} NOT NULL,
    cover_image_ids {text} NOT NULL,
    -- When what is known happened: what happened earlier is old news.
    told_at {timestamp} NOT NULL
);

CREATE INDEX feed_events_listed ON feed_events (status, start_time);

-- Who did what with an event: one line for each day.
CREATE TABLE feed_actions (
    actor {string} NOT NULL,
    event_id {uuid} NOT NULL,
    -- join, view or impression
    kind {string} NOT NULL,
    -- As 2026-03-01. Three long texts would be more than a key of MariaDB holds.
    on_day CHAR(10) NOT NULL,
    happened_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, actor, kind, on_day)
);

CREATE INDEX feed_actions_lately ON feed_actions (happened_at);

CREATE INDEX feed_actions_of ON feed_actions (actor, happened_at);
