DROP TABLE student_names;
