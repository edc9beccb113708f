-- The trainer of each student and course, from the events of booking.
CREATE TABLE allocated_trainers (
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    allocation_id {uuid} NOT NULL,
    trainer_id {uuid} NOT NULL,
    -- The time of the event.
    allocated_at {timestamp} NOT NULL,
    PRIMARY KEY (student_id, course_id)
);

CREATE TABLE doubts (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    -- Absent until a trainer is allocated.
    trainer_id {uuid},
    course_id {uuid},
    subject {string} NOT NULL,
    topic {string},
    type {string} NOT NULL,
    -- Encrypted, with the ID of the key.
    question {text} NOT NULL,
    -- Object keys, types and sizes.
    attachments {json} NOT NULL,
    status {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT doubts_type CHECK (type IN ('text', 'image', 'voice')),
    CONSTRAINT doubts_status CHECK (status IN ('pending', 'in_progress', 'answered', 'closed'))
);

CREATE INDEX doubts_student ON doubts (student_id, created_at, id);

CREATE INDEX doubts_trainer ON doubts (trainer_id, created_at, id);

CREATE INDEX doubts_created ON doubts (created_at, id);

CREATE TABLE doubt_replies (
    id {uuid} NOT NULL PRIMARY KEY,
    doubt_id {uuid} NOT NULL,
    author_id {uuid} NOT NULL,
    author_role {string} NOT NULL,
    -- Encrypted, with the ID of the key.
    content {text} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT doubt_replies_role CHECK (author_role IN ('trainer', 'admin')),
    CONSTRAINT doubt_replies_doubt FOREIGN KEY (doubt_id) REFERENCES doubts (id) ON DELETE CASCADE
);

CREATE INDEX doubt_replies_doubt ON doubt_replies (doubt_id, created_at, id);

-- Names of students and trainers, copies of the topics student-changed and trainer-changed.
CREATE TABLE people (
    user_id {uuid} NOT NULL PRIMARY KEY,
    role {string} NOT NULL,
    username {string},
    full_name {string},
    picture_url {text},
    -- The version of the account. Profiles have versions of their own.
    account_version {bigint} NOT NULL,
    profile_version {bigint} NOT NULL,
    CONSTRAINT people_role CHECK (role IN ('student', 'trainer'))
);
