-- The HTTP method. Empty for an operation that the service declares.
ALTER TABLE operation_logs ADD COLUMN method {string} NOT NULL DEFAULT '';
