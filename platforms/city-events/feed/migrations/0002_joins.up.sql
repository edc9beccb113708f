-- Who joined an event and who left it, a line for each time: whether somebody is in follows from the latest, whatever order word of it comes in.
CREATE TABLE feed_joins (
    actor {string} NOT NULL,
    event_id {uuid} NOT NULL,
    -- join or leave
    kind {string} NOT NULL,
    -- Grows with every change of the event's places. Messages of earlier services have none.
    revision {bigint},
    -- When it happened, as the message says.
    told_at {timestamp} NOT NULL,
    -- When word of it came.
    heard_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, actor, kind, told_at)
);

CREATE INDEX feed_joins_lately ON feed_joins (heard_at);

CREATE INDEX feed_joins_of ON feed_joins (actor, heard_at);

INSERT INTO feed_joins (actor, event_id, kind, told_at, heard_at)
    SELECT actor, event_id, kind, happened_at, happened_at FROM feed_actions WHERE kind = 'join';

DELETE FROM feed_actions WHERE kind = 'join';
