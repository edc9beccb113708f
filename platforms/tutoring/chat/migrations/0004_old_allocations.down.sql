-- on postgres, sqlite:
DROP INDEX ended_allocations_ended;
-- end
-- on mysql, mariadb:
DROP INDEX ended_allocations_ended ON ended_allocations;
-- end
