-- The ways of trainers to sessions. Their places are not stored.
CREATE TABLE journeys (
    id {uuid} NOT NULL PRIMARY KEY,
    session_id {uuid} NOT NULL,
    -- The session while the journey is active: one active journey of a session.
    active_session_id {uuid},
    trainer_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    started_at {timestamp} NOT NULL,
    ended_at {timestamp},
    end_reason {string},
    CONSTRAINT journeys_reason CHECK (end_reason IN ('arrived', 'cancelled', 'timeout', 'trainer_replaced')),
    CONSTRAINT journeys_end CHECK ((active_session_id IS NULL) = (ended_at IS NOT NULL)),
    CONSTRAINT journeys_session FOREIGN KEY (session_id) REFERENCES tutoring_sessions (id)
);

CREATE UNIQUE INDEX journeys_active ON journeys (active_session_id);
