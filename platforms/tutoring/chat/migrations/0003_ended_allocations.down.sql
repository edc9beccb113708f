DROP TABLE ended_allocations;
