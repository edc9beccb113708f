DROP TABLE join_audit_queue;
