DROP TABLE trainer_documents;
DROP TABLE trainer_applications;
DROP TABLE courses;
DROP TABLE pincodes;
