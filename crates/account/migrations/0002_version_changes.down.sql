-- on postgres, sqlite:
DROP INDEX account_versions_changed;
-- end

-- on mysql, mariadb:
DROP INDEX account_versions_changed ON account_versions;
-- end

ALTER TABLE account_versions DROP COLUMN changed_us;
