-- Attempts are counted by the subscription alone.
DROP TABLE inbox_attempts;
