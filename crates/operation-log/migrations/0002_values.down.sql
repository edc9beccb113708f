ALTER TABLE operation_logs DROP COLUMN new_value;

ALTER TABLE operation_logs DROP COLUMN old_value;
