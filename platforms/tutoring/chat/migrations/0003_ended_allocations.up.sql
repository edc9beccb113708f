-- Allocations that were cancelled. Their events may arrive in any order, and an ended allocation
-- stays ended.
CREATE TABLE ended_allocations (
    allocation_id {uuid} NOT NULL PRIMARY KEY,
    -- The time of the event.
    ended_at {timestamp} NOT NULL
);
