-- Microseconds since 1970, by the database's clock; those of before this column were taken back long ago.
ALTER TABLE account_versions ADD COLUMN changed_us {bigint} NOT NULL DEFAULT 0;

CREATE INDEX account_versions_changed ON account_versions (changed_us);
