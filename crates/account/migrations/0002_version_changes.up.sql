-- Microseconds since 1970, by the clock of the database. 0 in rows that are older than the column.
ALTER TABLE account_versions ADD COLUMN changed_us {bigint} NOT NULL DEFAULT 0;

CREATE INDEX account_versions_changed ON account_versions (changed_us);
