DROP TABLE certificates;
DROP TABLE delivered_sessions;
DROP TABLE purchase_payments;
DROP TABLE purchases;
DROP TABLE course_sessions;
DROP TABLE course_levels;
DROP TABLE course_phases;
DROP TABLE courses;
