DROP TABLE operation_logs;
