-- Index of events, from their messages.
CREATE TABLE feed_events (
    event_id {uuid} NOT NULL PRIMARY KEY,
    title {text} NOT NULL,
    city {string} NOT NULL,
    category {string} NOT NULL,
    -- Title and city in lower case, for searches.
    words {text} NOT NULL,
    start_time {timestamp},
    status {string} NOT NULL,
    cover_image_ids {text} NOT NULL,
    -- Time of the last applied message. Earlier messages are ignored.
    told_at {timestamp} NOT NULL
);

CREATE INDEX feed_events_listed ON feed_events (status, start_time);

-- Views and impressions: one row per actor, event, kind and day.
CREATE TABLE feed_actions (
    actor {string} NOT NULL,
    event_id {uuid} NOT NULL,
    -- join, view or impression
    kind {string} NOT NULL,
    -- Such as 2026-03-01. CHAR, because three long texts exceed the key length of MariaDB.
    on_day CHAR(10) NOT NULL,
    happened_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, actor, kind, on_day)
);

CREATE INDEX feed_actions_lately ON feed_actions (happened_at);

CREATE INDEX feed_actions_of ON feed_actions (actor, happened_at);
