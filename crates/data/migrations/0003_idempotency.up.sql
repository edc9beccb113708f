CREATE INDEX idempotency_keys_shares ON idempotency_keys (share, ends_ms);
