DROP TABLE deliveries;
DROP TABLE preferences;
DROP TABLE device_tokens;
DROP TABLE notifications;
