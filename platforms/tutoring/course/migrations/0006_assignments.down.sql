DROP TABLE assignment_submissions;
DROP TABLE assignments;
DROP TABLE course_files;
