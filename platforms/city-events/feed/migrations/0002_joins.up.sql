-- One row per join and per leave of a user. The latest row decides whether the user takes part, in
-- whatever order the messages arrive.
CREATE TABLE feed_joins (
    actor {string} NOT NULL,
    event_id {uuid} NOT NULL,
    -- join or leave
    kind {string} NOT NULL,
    -- Revision of the seat counts of the event. Messages of the legacy service have none.
    revision {bigint},
    -- Time in the message.
    told_at {timestamp} NOT NULL,
    -- Time of receipt.
    heard_at {timestamp} NOT NULL,
    PRIMARY KEY (event_id, actor, kind, told_at)
);

CREATE INDEX feed_joins_lately ON feed_joins (heard_at);

CREATE INDEX feed_joins_of ON feed_joins (actor, heard_at);

INSERT INTO feed_joins (actor, event_id, kind, told_at, heard_at)
    SELECT actor, event_id, kind, happened_at, happened_at FROM feed_actions WHERE kind = 'join';

DELETE FROM feed_actions WHERE kind = 'join';
