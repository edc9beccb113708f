ALTER TABLE held_sessions DROP COLUMN is_punctual;
