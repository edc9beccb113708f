CREATE TABLE cities (
    id {uuid} NOT NULL PRIMARY KEY,
    name {string} NOT NULL,
    latitude {float} NOT NULL,
    longitude {float} NOT NULL,
    created_at {timestamp} NOT NULL
);

CREATE UNIQUE INDEX cities_name ON cities (name);

CREATE TABLE clusters (
    id {uuid} NOT NULL PRIMARY KEY,
    city_id {uuid} NOT NULL,
    name {string} NOT NULL,
    latitude {float} NOT NULL,
    longitude {float} NOT NULL,
    radius_km {float} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT clusters_city FOREIGN KEY (city_id) REFERENCES cities (id),
    CONSTRAINT clusters_radius CHECK (radius_km > 0)
);

CREATE TABLE zones (
    id {uuid} NOT NULL PRIMARY KEY,
    city_id {uuid} NOT NULL,
    name {string} NOT NULL,
    operator {string} NOT NULL,
    franchise_id {uuid},
    latitude {float} NOT NULL,
    longitude {float} NOT NULL,
    radius_km {float} NOT NULL,
    is_active {boolean} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT zones_city FOREIGN KEY (city_id) REFERENCES cities (id),
    CONSTRAINT zones_operator CHECK (operator IN ('company', 'franchise')),
    CONSTRAINT zones_franchise CHECK (operator = 'company' OR franchise_id IS NOT NULL),
    CONSTRAINT zones_radius CHECK (radius_km > 0 AND radius_km <= 50)
);

CREATE INDEX zones_place ON zones (latitude, longitude);

-- Dates without sessions.
CREATE TABLE holidays (
    holiday_date {string} NOT NULL PRIMARY KEY,
    name {string} NOT NULL
);

-- The parts of courses, students and trainers that this service uses. Other services own them.
CREATE TABLE course_copies (
    course_id {uuid} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL,
    category {string} NOT NULL,
    is_published {boolean} NOT NULL
);

CREATE TABLE student_copies (
    student_id {uuid} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL,
    latitude {float},
    longitude {float}
);

CREATE TABLE trainer_copies (
    trainer_id {uuid} NOT NULL PRIMARY KEY,
    -- The members of the account and of the application, and those of the profile.
    account {json} NOT NULL,
    account_version {bigint} NOT NULL,
    profile {json} NOT NULL,
    profile_version {bigint} NOT NULL,
    is_allocatable {boolean} NOT NULL,
    latitude {float},
    longitude {float},
    zone_id {uuid},
    rating_tenths {integer} NOT NULL
);

CREATE INDEX trainer_copies_place ON trainer_copies (latitude, longitude);

-- The allocatable trainers of a zone by course.
CREATE TABLE candidates (
    zone_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    rating_tenths {integer} NOT NULL,
    trainer_id {uuid} NOT NULL,
    PRIMARY KEY (zone_id, course_id, rating_tenths, trainer_id)
);

CREATE INDEX candidates_trainer ON candidates (trainer_id);

CREATE TABLE allocations (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    trainer_id {uuid},
    course_id {uuid} NOT NULL,
    -- The course while the allocation is open: one open allocation of a student and course.
    open_course_id {uuid},
    purchase_id {uuid},
    status {string} NOT NULL,
    session_count {integer} NOT NULL,
    -- The class type, delivery, place and preferences that were bought.
    package {json} NOT NULL,
    timeslot {string} NOT NULL,
    zone_id {uuid},
    latitude {float},
    longitude {float},
    start_date {string},
    end_date {string},
    decided_by {string},
    reason {text},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT allocations_status CHECK (status IN ('pending', 'approved', 'active', 'completed', 'rejected', 'cancelled')),
    CONSTRAINT allocations_trainer CHECK (trainer_id IS NOT NULL OR status IN ('pending', 'rejected', 'cancelled')),
    CONSTRAINT allocations_open CHECK (open_course_id IS NULL OR status IN ('pending', 'approved', 'active'))
);

CREATE UNIQUE INDEX allocations_open_course ON allocations (student_id, open_course_id);

CREATE INDEX allocations_trainer ON allocations (trainer_id, status, timeslot);

CREATE INDEX allocations_status ON allocations (status, created_at);

CREATE INDEX allocations_purchase ON allocations (purchase_id);

-- The payments of an allocation. A refund may arrive before its purchase.
CREATE TABLE allocation_payments (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    allocation_id {uuid},
    session_count {integer} NOT NULL,
    is_refunded {boolean} NOT NULL
);

-- Why trainers were not chosen in the last attempt.
CREATE TABLE allocation_refusals (
    allocation_id {uuid} NOT NULL,
    trainer_id {uuid} NOT NULL,
    reason {string} NOT NULL,
    detail {string} NOT NULL,
    refused_at {timestamp} NOT NULL,
    PRIMARY KEY (allocation_id, trainer_id),
    CONSTRAINT allocation_refusals_allocation FOREIGN KEY (allocation_id) REFERENCES allocations (id) ON DELETE CASCADE
);

-- The slot ledger. One session of a trainer per slot, and one slot per session.
CREATE TABLE schedule_slots (
    trainer_id {uuid} NOT NULL,
    slot_date {string} NOT NULL,
    timeslot {string} NOT NULL,
    state {string} NOT NULL,
    owner_kind {string},
    owner_id {uuid},
    session_number {integer},
    PRIMARY KEY (trainer_id, slot_date, timeslot),
    CONSTRAINT schedule_slots_state CHECK (state IN ('available', 'booked', 'blocked')),
    CONSTRAINT schedule_slots_owner CHECK ((state = 'booked') = (owner_id IS NOT NULL))
);

CREATE UNIQUE INDEX schedule_slots_session ON schedule_slots (owner_kind, owner_id, session_number);

CREATE TABLE tutoring_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    allocation_id {uuid} NOT NULL,
    session_number {integer} NOT NULL,
    student_id {uuid} NOT NULL,
    trainer_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    scheduled_date {string} NOT NULL,
    timeslot {string} NOT NULL,
    -- In the platform's time zone, in minutes since midnight.
    start_minute {integer} NOT NULL,
    starts_at {timestamp} NOT NULL,
    duration_min {integer} NOT NULL,
    mode {string} NOT NULL,
    status {string} NOT NULL,
    latitude {float},
    longitude {float},
    otp_hash {string},
    otp_issued_at {timestamp},
    otp_attempts {integer} NOT NULL,
    started_at {timestamp},
    ended_at {timestamp},
    confirmed_at {timestamp},
    verification {json} NOT NULL,
    -- The notes of a dispute, or the reason of a cancellation.
    notes {text},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT tutoring_sessions_status CHECK (status IN ('scheduled', 'pending_verification', 'in_progress', 'pending_confirmation', 'completed', 'disputed', 'cancelled')),
    CONSTRAINT tutoring_sessions_mode CHECK (mode IN ('home', 'online')),
    CONSTRAINT tutoring_sessions_allocation FOREIGN KEY (allocation_id) REFERENCES allocations (id)
);

CREATE UNIQUE INDEX tutoring_sessions_number ON tutoring_sessions (allocation_id, session_number);

CREATE INDEX tutoring_sessions_trainer ON tutoring_sessions (trainer_id, scheduled_date);

CREATE INDEX tutoring_sessions_student ON tutoring_sessions (student_id, scheduled_date);

CREATE INDEX tutoring_sessions_ended ON tutoring_sessions (status, ended_at);

CREATE TABLE reschedules (
    id {uuid} NOT NULL PRIMARY KEY,
    session_id {uuid} NOT NULL,
    -- The session while the request is pending: one pending request of a session.
    pending_session_id {uuid},
    requested_by {uuid} NOT NULL,
    requester_role {string} NOT NULL,
    new_date {string} NOT NULL,
    new_timeslot {string} NOT NULL,
    reason {text} NOT NULL,
    notes {text},
    status {string} NOT NULL,
    decided_by {uuid},
    rejection_reason {text},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT reschedules_status CHECK (status IN ('pending', 'approved', 'rejected', 'cancelled')),
    CONSTRAINT reschedules_session FOREIGN KEY (session_id) REFERENCES tutoring_sessions (id)
);

CREATE UNIQUE INDEX reschedules_pending ON reschedules (pending_session_id);

CREATE INDEX reschedules_status ON reschedules (status, created_at);

CREATE TABLE substitutions (
    id {uuid} NOT NULL PRIMARY KEY,
    session_date {string} NOT NULL,
    original_trainer_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    substitute_trainer_id {uuid} NOT NULL,
    session_id {uuid} NOT NULL,
    created_by {uuid} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT substitutions_session FOREIGN KEY (session_id) REFERENCES tutoring_sessions (id)
);

CREATE UNIQUE INDEX substitutions_day ON substitutions (session_date, original_trainer_id, student_id);

CREATE TABLE attendance (
    session_id {uuid} NOT NULL PRIMARY KEY,
    status {string} NOT NULL,
    notes {text},
    recorded_by {uuid} NOT NULL,
    recorded_at {timestamp} NOT NULL,
    CONSTRAINT attendance_status CHECK (status IN ('present', 'absent', 'rescheduled', 'cancelled')),
    CONSTRAINT attendance_session FOREIGN KEY (session_id) REFERENCES tutoring_sessions (id)
);

CREATE TABLE pre_booking_capacity (
    course_id {uuid} NOT NULL,
    timeslot {string} NOT NULL,
    current_count {integer} NOT NULL,
    max_capacity {integer} NOT NULL,
    PRIMARY KEY (course_id, timeslot),
    CONSTRAINT pre_booking_capacity_count CHECK (current_count >= 0 AND current_count <= max_capacity)
);

CREATE TABLE pre_bookings (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    -- The course while the pre-booking is pending: one of a student and course.
    pending_course_id {uuid},
    timeslot {string} NOT NULL,
    details {json} NOT NULL,
    status {string} NOT NULL,
    expires_at {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT pre_bookings_status CHECK (status IN ('pending', 'converted', 'expired'))
);

CREATE UNIQUE INDEX pre_bookings_pending ON pre_bookings (student_id, pending_course_id);

CREATE INDEX pre_bookings_expiry ON pre_bookings (status, expires_at);
