ALTER TABLE students DROP COLUMN territory_at;

ALTER TABLE students DROP COLUMN locality;

ALTER TABLE students DROP COLUMN zone;

ALTER TABLE students DROP COLUMN district;

ALTER TABLE students DROP COLUMN state;
