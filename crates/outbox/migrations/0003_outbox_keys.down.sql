-- on postgres, sqlite:
DROP INDEX outbox_keys;
-- end

-- on mysql, mariadb:
DROP INDEX outbox_keys ON outbox;
-- end
