DROP TABLE session_reviews;
