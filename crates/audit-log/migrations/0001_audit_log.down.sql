DROP TABLE audit_log_chain;

DROP TABLE audit_log;
