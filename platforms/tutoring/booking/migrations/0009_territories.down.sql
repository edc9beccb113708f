ALTER TABLE allocations DROP COLUMN locality;

ALTER TABLE cities DROP COLUMN district;

ALTER TABLE cities DROP COLUMN state;
