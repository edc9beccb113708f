-- A worker deletes old rows.
CREATE INDEX ended_allocations_ended ON ended_allocations (ended_at);
