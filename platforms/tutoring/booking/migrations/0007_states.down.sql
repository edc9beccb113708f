-- on postgres, sqlite:
DROP INDEX trainer_copies_zone;

DROP INDEX allocations_zone;
-- end
-- on mysql:
DROP INDEX trainer_copies_zone ON trainer_copies;

DROP INDEX allocations_zone ON allocations;
-- end

ALTER TABLE allocations DROP COLUMN notes;

-- on postgres, sqlite:
DROP INDEX bookings_allocation;

DROP INDEX bookings_payment;
-- end
-- on mysql:
DROP INDEX bookings_allocation ON bookings;

DROP INDEX bookings_payment ON bookings;
-- end

ALTER TABLE bookings DROP COLUMN allocation_id;

ALTER TABLE bookings DROP COLUMN payment_id;
