-- The ratings by students, from the messages of booking.
CREATE TABLE trainer_reviews (
    session_id {uuid} NOT NULL PRIMARY KEY,
    trainer_id {uuid} NOT NULL,
    -- The rating in steps of 0.5.
    rating_halves {integer} NOT NULL,
    CONSTRAINT trainer_reviews_rating CHECK (rating_halves >= 1 AND rating_halves <= 10)
);

CREATE INDEX trainer_reviews_trainer ON trainer_reviews (trainer_id, rating_halves);
