-- The owners of uploaded files. Keys do not contain them, because everyone sees the links of public
-- projects.
CREATE TABLE uploads (
    object_key {string} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL,
    created_at {timestamp} NOT NULL
);
