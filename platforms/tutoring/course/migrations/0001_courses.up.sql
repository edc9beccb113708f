CREATE TABLE courses (
    id {uuid} NOT NULL PRIMARY KEY,
    title {string} NOT NULL,
    description {text} NOT NULL,
    category {string} NOT NULL,
    difficulty {string} NOT NULL,
    status {string} NOT NULL,
    -- Increases with every change.
    version {bigint} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT courses_status CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT courses_difficulty CHECK (difficulty IN ('beginner', 'intermediate', 'advanced'))
);

CREATE INDEX courses_list ON courses (status, title, id);

CREATE TABLE course_phases (
    id {uuid} NOT NULL PRIMARY KEY,
    course_id {uuid} NOT NULL,
    sequence {integer} NOT NULL,
    title {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT course_phases_course FOREIGN KEY (course_id) REFERENCES courses (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX course_phases_sequence ON course_phases (course_id, sequence);

-- Exactly three levels of a phase: a phase is created with them.
CREATE TABLE course_levels (
    id {uuid} NOT NULL PRIMARY KEY,
    phase_id {uuid} NOT NULL,
    sequence {integer} NOT NULL,
    level_type {string} NOT NULL,
    CONSTRAINT course_levels_sequence CHECK (sequence BETWEEN 1 AND 3),
    CONSTRAINT course_levels_type CHECK (level_type IN ('foundation', 'development', 'mastery')),
    CONSTRAINT course_levels_phase FOREIGN KEY (phase_id) REFERENCES course_phases (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX course_levels_phase_sequence ON course_levels (phase_id, sequence);

CREATE UNIQUE INDEX course_levels_phase_type ON course_levels (phase_id, level_type);

CREATE TABLE course_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    level_id {uuid} NOT NULL,
    session_number {integer} NOT NULL,
    title {string} NOT NULL,
    description {text} NOT NULL,
    CONSTRAINT course_sessions_number CHECK (session_number BETWEEN 1 AND 10),
    CONSTRAINT course_sessions_level FOREIGN KEY (level_id) REFERENCES course_levels (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX course_sessions_level_number ON course_sessions (level_id, session_number);

CREATE TABLE purchases (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    -- The course while the purchase is active: one active purchase of a student and course.
    active_course_id {uuid},
    purchase_tier {integer} NOT NULL,
    metadata {json} NOT NULL,
    expires_at {timestamp},
    completed_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT purchases_tier CHECK (purchase_tier IN (0, 10, 20, 30)),
    CONSTRAINT purchases_active CHECK (purchase_tier > 0 OR active_course_id IS NULL)
);

CREATE UNIQUE INDEX purchases_active_course ON purchases (student_id, active_course_id);

CREATE INDEX purchases_student ON purchases (student_id, course_id, created_at);

-- The payments of a purchase: the first one, and those of its upgrades.
CREATE TABLE purchase_payments (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    purchase_id {uuid} NOT NULL,
    session_count {integer} NOT NULL,
    is_refunded {boolean} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT purchase_payments_purchase FOREIGN KEY (purchase_id) REFERENCES purchases (id)
);

-- Tutoring sessions that were held.
CREATE TABLE delivered_sessions (
    purchase_id {uuid} NOT NULL,
    tutoring_session_id {uuid} NOT NULL,
    completed_at {timestamp} NOT NULL,
    PRIMARY KEY (purchase_id, tutoring_session_id),
    CONSTRAINT delivered_sessions_purchase FOREIGN KEY (purchase_id) REFERENCES purchases (id)
);

CREATE TABLE certificates (
    id {uuid} NOT NULL PRIMARY KEY,
    certificate_number {string} NOT NULL,
    purchase_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    issued_at {timestamp} NOT NULL,
    CONSTRAINT certificates_purchase FOREIGN KEY (purchase_id) REFERENCES purchases (id)
);

CREATE UNIQUE INDEX certificates_number ON certificates (certificate_number);

CREATE UNIQUE INDEX certificates_of_purchase ON certificates (purchase_id);
