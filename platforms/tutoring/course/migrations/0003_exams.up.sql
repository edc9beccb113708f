CREATE TABLE exams (
    level_id {uuid} NOT NULL PRIMARY KEY,
    -- Texts, options and correct options. Students never get this column.
    questions {json} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT exams_level FOREIGN KEY (level_id) REFERENCES course_levels (id) ON DELETE CASCADE
);

CREATE TABLE exam_attempts (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    level_id {uuid} NOT NULL,
    attempt_number {integer} NOT NULL,
    score {integer} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT exam_attempts_number CHECK (attempt_number BETWEEN 1 AND 3),
    CONSTRAINT exam_attempts_score CHECK (score BETWEEN 0 AND 150),
    CONSTRAINT exam_attempts_level FOREIGN KEY (level_id) REFERENCES course_levels (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX exam_attempts_of_student ON exam_attempts (student_id, level_id, attempt_number);
