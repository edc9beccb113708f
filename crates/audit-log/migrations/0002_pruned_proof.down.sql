ALTER TABLE audit_log_chain DROP COLUMN pruned_proof;
