-- The payment that confirmed a booking, and the allocation whose state the booking follows.
ALTER TABLE bookings ADD COLUMN payment_id {uuid};

ALTER TABLE bookings ADD COLUMN allocation_id {uuid};

-- Bookings that were paid before this migration follow the last allocation of their course.
UPDATE bookings SET allocation_id = (SELECT a.id FROM allocations a WHERE a.student_id = bookings.student_id AND a.course_id = bookings.course_id ORDER BY a.created_at DESC, a.id LIMIT 1) WHERE status <> 'pending';

UPDATE bookings SET status = (SELECT CASE a.status WHEN 'active' THEN 'active' WHEN 'completed' THEN 'completed' WHEN 'rejected' THEN 'cancelled' WHEN 'cancelled' THEN 'cancelled' ELSE 'confirmed' END FROM allocations a WHERE a.id = bookings.allocation_id) WHERE allocation_id IS NOT NULL;

-- Payments have no time, so each booking of an allocation gets another one of its payments.
UPDATE bookings SET payment_id = (SELECT p.payment_id FROM
    (SELECT payment_id, allocation_id, ROW_NUMBER() OVER (PARTITION BY allocation_id ORDER BY is_refunded, payment_id) AS place FROM allocation_payments WHERE allocation_id IS NOT NULL) p
    JOIN (SELECT id, allocation_id, ROW_NUMBER() OVER (PARTITION BY allocation_id ORDER BY created_at, id) AS place FROM bookings WHERE allocation_id IS NOT NULL) b
    ON b.allocation_id = p.allocation_id AND b.place = p.place WHERE b.id = bookings.id)
    WHERE allocation_id IS NOT NULL;

CREATE UNIQUE INDEX bookings_payment ON bookings (payment_id);

CREATE INDEX bookings_allocation ON bookings (allocation_id);

-- The notes of an administrator.
ALTER TABLE allocations ADD COLUMN notes {text};

-- The demand of a zone.
CREATE INDEX allocations_zone ON allocations (zone_id, status);

CREATE INDEX trainer_copies_zone ON trainer_copies (zone_id, is_allocatable);
