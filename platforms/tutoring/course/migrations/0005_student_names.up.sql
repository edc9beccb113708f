-- The names of students for their certificates, from messages about profiles.
CREATE TABLE student_names (
    student_id {uuid} NOT NULL PRIMARY KEY,
    full_name {string} NOT NULL,
    version {bigint} NOT NULL
);
