ALTER TABLE operation_logs DROP COLUMN method;
