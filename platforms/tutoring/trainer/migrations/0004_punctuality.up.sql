-- Whether a session started on time. NULL if the message had no start.
ALTER TABLE held_sessions ADD COLUMN is_punctual {boolean};
