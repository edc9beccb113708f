-- The subscription alone counts attempts.
DROP TABLE inbox_attempts;
