DROP TABLE student_projects;
DROP TABLE student_trainers;
DROP TABLE student_progress;
ALTER TABLE course_sessions DROP COLUMN quiz;
ALTER TABLE course_sessions DROP COLUMN sheet_key;
ALTER TABLE course_sessions DROP COLUMN video_key;
