ALTER TABLE idempotency_keys DROP COLUMN share;
ALTER TABLE idempotency_keys DROP COLUMN run_ends_ms;
ALTER TABLE idempotency_keys DROP COLUMN outcome;
