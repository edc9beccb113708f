CREATE INDEX feed_events_listed ON feed_events (status, start_time);

-- on postgres, sqlite:
DROP INDEX feed_events_order;
-- end
-- on mysql:
DROP INDEX feed_events_order ON feed_events;
-- end

DROP TABLE feed_score_changes;

DROP TABLE feed_scores;

DROP TABLE feed_contributions;
