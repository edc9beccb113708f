-- Keys of the storage. The quiz contains its answers, which students never get.
ALTER TABLE course_sessions ADD COLUMN video_key {string};

ALTER TABLE course_sessions ADD COLUMN sheet_key {string};

ALTER TABLE course_sessions ADD COLUMN quiz {json};

CREATE TABLE student_progress (
    student_id {uuid} NOT NULL,
    session_id {uuid} NOT NULL,
    status {string} NOT NULL,
    video_watched {boolean} NOT NULL,
    sheet_previewed {boolean} NOT NULL,
    quiz_completed {boolean} NOT NULL,
    -- The best score, in questions.
    quiz_score {integer},
    quiz_max_score {integer},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    PRIMARY KEY (student_id, session_id),
    CONSTRAINT student_progress_status CHECK (status IN ('in_progress', 'completed')),
    CONSTRAINT student_progress_session FOREIGN KEY (session_id) REFERENCES course_sessions (id) ON DELETE CASCADE
);

-- The trainers of students, from messages of the booking service.
CREATE TABLE student_trainers (
    allocation_id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    trainer_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    is_ended {boolean} NOT NULL
);

CREATE INDEX student_trainers_of_trainer ON student_trainers (trainer_id, course_id, student_id);

CREATE TABLE student_projects (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    level_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    visibility {string} NOT NULL,
    status {string} NOT NULL,
    title {string} NOT NULL,
    description {text} NOT NULL,
    -- Keys of the storage.
    video_key {string} NOT NULL,
    pdf_key {string} NOT NULL,
    image_keys {json} NOT NULL,
    feedback {text},
    rating {integer},
    reviewed_by {uuid},
    reviewed_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT student_projects_visibility CHECK (visibility IN ('private', 'community', 'public')),
    CONSTRAINT student_projects_status CHECK (status IN ('pending', 'approved', 'rejected', 'revision_required')),
    CONSTRAINT student_projects_rating CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT student_projects_level FOREIGN KEY (level_id) REFERENCES course_levels (id)
);

CREATE UNIQUE INDEX student_projects_of_level ON student_projects (student_id, level_id);

CREATE INDEX student_projects_shown ON student_projects (visibility, status, created_at);
