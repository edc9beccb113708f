DROP TABLE feed_actions;
DROP TABLE feed_events;
