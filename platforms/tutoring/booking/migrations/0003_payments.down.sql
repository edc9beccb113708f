-- on postgres, sqlite:
DROP INDEX allocation_payments_allocation;
-- end
-- on mysql:
DROP INDEX allocation_payments_allocation ON allocation_payments;
-- end
