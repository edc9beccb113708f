DROP TABLE trainer_reviews;
