DROP TABLE cards;
DROP TABLE my_sessions;
DROP TABLE my_courses;
DROP TABLE support_tickets;
DROP TABLE referrals;
DROP TABLE students;
