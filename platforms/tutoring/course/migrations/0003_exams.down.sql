DROP TABLE exam_attempts;
DROP TABLE exams;
