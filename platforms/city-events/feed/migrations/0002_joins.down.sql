DROP TABLE feed_joins;
