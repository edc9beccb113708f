-- The payment that confirmed a booking, and the allocation whose state the booking follows.
ALTER TABLE bookings ADD COLUMN payment_id {uuid};

ALTER TABLE bookings ADD COLUMN allocation_id {uuid};

CREATE UNIQUE INDEX bookings_payment ON bookings (payment_id);

CREATE INDEX bookings_allocation ON bookings (allocation_id);

-- The notes of an administrator.
ALTER TABLE allocations ADD COLUMN notes {text};

-- The demand of a zone.
CREATE INDEX allocations_zone ON allocations (zone_id, status);

CREATE INDEX trainer_copies_zone ON trainer_copies (zone_id, is_allocatable);
