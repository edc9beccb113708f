-- on postgres, sqlite:
DROP INDEX uploads_created;
-- end
-- on mysql, mariadb:
DROP INDEX uploads_created ON uploads;
-- end
