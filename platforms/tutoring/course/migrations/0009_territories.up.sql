-- The places of the sessions of students in the administrative order, from the last allocations.
CREATE TABLE student_territories (
    student_id {uuid} NOT NULL PRIMARY KEY,
    state {string},
    district {string},
    zone {string},
    locality {string},
    -- The time of the event.
    allocated_at {timestamp} NOT NULL
);
