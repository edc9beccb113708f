-- The place of a city in the administrative order. Without it, only super admins see the entities of
-- its zones.
ALTER TABLE cities ADD COLUMN state {string};

ALTER TABLE cities ADD COLUMN district {string};

-- The cluster of the student's place.
ALTER TABLE allocations ADD COLUMN locality {string};
