-- One review of each side of a completed session.
CREATE TABLE session_reviews (
    id {uuid} NOT NULL PRIMARY KEY,
    session_id {uuid} NOT NULL,
    review_type {string} NOT NULL,
    reviewer_id {uuid} NOT NULL,
    -- The rating in steps of 0.5.
    rating_halves {integer} NOT NULL,
    feedback {text},
    created_at {timestamp} NOT NULL,
    CONSTRAINT session_reviews_type CHECK (review_type IN ('student', 'trainer')),
    CONSTRAINT session_reviews_rating CHECK (rating_halves >= 1 AND rating_halves <= 10),
    CONSTRAINT session_reviews_session FOREIGN KEY (session_id) REFERENCES tutoring_sessions (id)
);

CREATE UNIQUE INDEX session_reviews_side ON session_reviews (session_id, review_type);

CREATE INDEX session_reviews_created ON session_reviews (created_at, id);
