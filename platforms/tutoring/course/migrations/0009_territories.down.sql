DROP TABLE student_territories;
