-- The redacted object before and after the call.
ALTER TABLE operation_logs ADD COLUMN old_value {text};

ALTER TABLE operation_logs ADD COLUMN new_value {text};
