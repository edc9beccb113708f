-- on postgres, sqlite:
DROP INDEX payments_created;
-- end
-- on mysql:
DROP INDEX payments_created ON payments;
-- end
