-- Accounts, a copy of the topic student-changed, with the profile that the student writes.
CREATE TABLE students (
    id {uuid} NOT NULL PRIMARY KEY,
    username {string},
    is_verified {boolean} NOT NULL,
    is_disabled {boolean} NOT NULL,
    account_version {bigint} NOT NULL,
    profile {json} NOT NULL,
    -- User name and full name in lower case, for searches.
    search_text {text} NOT NULL,
    referral_code {string},
    deal_claimed_at {timestamp},
    -- Grows with each change of the profile.
    version {bigint} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL
);

CREATE UNIQUE INDEX students_referral ON students (referral_code);

CREATE INDEX students_created ON students (created_at, id);

CREATE TABLE referrals (
    referred_id {uuid} NOT NULL PRIMARY KEY,
    referrer_id {uuid} NOT NULL,
    created_at {timestamp} NOT NULL
);

CREATE INDEX referrals_referrer ON referrals (referrer_id);

CREATE TABLE support_tickets (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    issue_type {string} NOT NULL,
    subject {string} NOT NULL,
    description {text} NOT NULL,
    email {string} NOT NULL,
    priority {string} NOT NULL,
    status {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT support_tickets_status CHECK (status IN ('open', 'in_progress', 'resolved', 'closed'))
);

CREATE INDEX support_tickets_student ON support_tickets (student_id, created_at);

-- What a student bought and how far it is, from the messages of course and booking.
CREATE TABLE my_courses (
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    purchase_id {uuid},
    purchase_tier {integer} NOT NULL,
    is_ready {boolean} NOT NULL,
    -- The metadata of the purchase.
    metadata {json},
    allocation_id {uuid},
    trainer_id {uuid},
    allocation_status {string},
    start_date {string},
    end_date {string},
    has_sessions {boolean} NOT NULL,
    completed_sessions {integer} NOT NULL,
    total_sessions {integer} NOT NULL,
    percentage {integer} NOT NULL,
    last_completed_at {string},
    progress_version {bigint} NOT NULL,
    PRIMARY KEY (student_id, course_id)
);

CREATE TABLE my_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid},
    trainer_id {uuid},
    session_number {integer},
    -- A date, YYYY-MM-DD. Only changed dates are in messages.
    scheduled_date {string},
    time_slot {string},
    status {string} NOT NULL
);

CREATE INDEX my_sessions_student ON my_sessions (student_id, session_number, id);

-- Public members of courses and trainers, copies of the topics course-changed and trainer-changed.
CREATE TABLE cards (
    id {uuid} NOT NULL PRIMARY KEY,
    card {json} NOT NULL,
    version {bigint} NOT NULL
);
