-- The place of the sessions of a student in the administrative order, from the last allocation. Only
-- super admins see students without one.
ALTER TABLE students ADD COLUMN state {string};

ALTER TABLE students ADD COLUMN district {string};

ALTER TABLE students ADD COLUMN zone {string};

ALTER TABLE students ADD COLUMN locality {string};

-- The time of the event.
ALTER TABLE students ADD COLUMN territory_at {timestamp};
