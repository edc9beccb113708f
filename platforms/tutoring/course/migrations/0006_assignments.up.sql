-- Videos and materials of whole courses.
CREATE TABLE course_files (
    id {uuid} NOT NULL PRIMARY KEY,
    course_id {uuid} NOT NULL,
    kind {string} NOT NULL,
    title {string} NOT NULL,
    description {text} NOT NULL,
    -- A key of the storage.
    file_key {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT course_files_kind CHECK (kind IN ('video', 'material')),
    CONSTRAINT course_files_course FOREIGN KEY (course_id) REFERENCES courses (id)
);

CREATE INDEX course_files_of_course ON course_files (course_id, kind, created_at);

CREATE TABLE assignments (
    id {uuid} NOT NULL PRIMARY KEY,
    course_id {uuid} NOT NULL,
    title {string} NOT NULL,
    description {text} NOT NULL,
    due_at {timestamp},
    max_score {integer} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT assignments_max_score CHECK (max_score BETWEEN 1 AND 1000),
    CONSTRAINT assignments_course FOREIGN KEY (course_id) REFERENCES courses (id)
);

CREATE INDEX assignments_of_course ON assignments (course_id, created_at);

CREATE TABLE assignment_submissions (
    id {uuid} NOT NULL PRIMARY KEY,
    assignment_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    content {text} NOT NULL,
    -- Keys of the storage.
    file_keys {json} NOT NULL,
    score {integer},
    feedback {text},
    graded_by {uuid},
    graded_at {timestamp},
    created_at {timestamp} NOT NULL,
    CONSTRAINT assignment_submissions_assignment FOREIGN KEY (assignment_id) REFERENCES assignments (id)
);

CREATE UNIQUE INDEX assignment_submissions_of_student ON assignment_submissions (assignment_id, student_id);
