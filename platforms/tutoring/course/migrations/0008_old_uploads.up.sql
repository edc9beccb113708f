-- A worker deletes old rows.
CREATE INDEX uploads_created ON uploads (created_at);
