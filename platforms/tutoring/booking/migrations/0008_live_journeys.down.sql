-- on postgres, sqlite:
DROP INDEX journeys_remove_live;
-- end
-- on mysql, mariadb:
DROP INDEX journeys_remove_live ON journeys;
-- end

ALTER TABLE journeys DROP COLUMN remove_live_at;
