-- HMAC-SHA-256 of the position of the first record. NULL if the log was never pruned.
ALTER TABLE audit_log_chain ADD COLUMN pruned_proof {key_bytes};
