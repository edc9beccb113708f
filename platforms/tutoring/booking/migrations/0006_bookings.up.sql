-- A package that a student asks for, which a service assigns to a trainer.
CREATE TABLE bookings (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    -- The course while the booking is pending: one of a student and course.
    pending_course_id {uuid},
    timeslot {string} NOT NULL,
    details {json} NOT NULL,
    status {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT bookings_status CHECK (status IN ('pending', 'confirmed', 'active', 'completed', 'cancelled'))
);

CREATE UNIQUE INDEX bookings_pending ON bookings (student_id, pending_course_id);
