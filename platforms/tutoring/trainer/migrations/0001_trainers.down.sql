DROP TABLE substitutions;
DROP TABLE held_sessions;
DROP TABLE bank_details;
DROP TABLE trainers;
