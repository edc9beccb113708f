-- on postgres, sqlite:
DROP INDEX idempotency_keys_shares;
-- end

-- on mysql, mariadb:
DROP INDEX idempotency_keys_shares ON idempotency_keys;
-- end
