-- HMAC-SHA-256 of where the log begins since the last pruning; absent where nothing was pruned.
ALTER TABLE audit_log_chain ADD COLUMN pruned_proof {key_bytes};
