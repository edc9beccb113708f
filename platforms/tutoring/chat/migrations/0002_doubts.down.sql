DROP TABLE people;
DROP TABLE doubt_replies;
DROP TABLE doubts;
DROP TABLE allocated_trainers;
