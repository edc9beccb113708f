use seaworthy::data::Invariants;

/// The invariants of `docs/tutoring/invariants.md`: the name, and a query that counts violations.
pub const INVARIANTS: Invariants = Invariants(&[
    (
        "slot_of_an_allocation_belongs_to_an_open_one",
        "SELECT COUNT(*) FROM schedule_slots l LEFT JOIN allocations a ON a.id = l.owner_id WHERE l.state = 'booked' AND (a.id IS NULL OR a.status IN ('pending', 'rejected'))",
    ),
    (
        "scheduled_session_has_its_slot",
        "SELECT COUNT(*) FROM tutoring_sessions s WHERE s.status = 'scheduled' AND NOT EXISTS (SELECT 1 FROM schedule_slots l WHERE l.owner_id = s.allocation_id AND l.session_number = s.session_number AND l.trainer_id = s.trainer_id AND l.slot_date = s.scheduled_date AND l.timeslot = s.timeslot AND l.state = 'booked')",
    ),
    (
        "cancelled_session_has_no_slot",
        "SELECT COUNT(*) FROM tutoring_sessions s JOIN schedule_slots l ON l.owner_id = s.allocation_id AND l.session_number = s.session_number WHERE s.status = 'cancelled' AND l.state = 'booked'",
    ),
    (
        "open_allocation_has_its_sessions_reserved",
        "SELECT COUNT(*) FROM allocations a WHERE a.status IN ('approved', 'active') AND (SELECT COUNT(*) FROM schedule_slots l WHERE l.owner_id = a.id AND l.state = 'booked') <> a.session_count",
    ),
    (
        "ended_allocation_is_not_open",
        "SELECT COUNT(*) FROM allocations WHERE (open_course_id IS NULL) = (status IN ('pending', 'approved', 'active'))",
    ),
    (
        "completed_session_is_confirmed",
        "SELECT COUNT(*) FROM tutoring_sessions WHERE status = 'completed' AND confirmed_at IS NULL",
    ),
    (
        "pre_bookings_are_counted",
        "SELECT COUNT(*) FROM pre_booking_capacity c WHERE c.current_count <> (SELECT COUNT(*) FROM pre_bookings p WHERE p.pending_course_id = c.course_id AND p.timeslot = c.timeslot)",
    ),
    (
        "paid_booking_follows_its_allocation",
        "SELECT COUNT(*) FROM bookings b JOIN allocations a ON a.id = b.allocation_id WHERE b.status <> 'cancelled' AND ((b.status = 'confirmed') <> (a.status IN ('pending', 'approved')) OR (b.status = 'active') <> (a.status = 'active'))",
    ),
    (
        "coupons_are_counted",
        "SELECT COUNT(*) FROM coupons c WHERE c.current_redemptions <> (SELECT COUNT(*) FROM coupon_redemptions r WHERE r.coupon_id = c.id AND r.state IN ('reserved', 'redeemed'))",
    ),
    (
        "held_discount_has_its_holder",
        "SELECT COUNT(*) FROM coupon_redemptions WHERE (holder_id IS NULL) = (state IN ('reserved', 'redeemed'))",
    ),
    (
        "ended_allocation_has_slots_of_sessions_only",
        "SELECT COUNT(*) FROM schedule_slots l JOIN allocations a ON a.id = l.owner_id WHERE l.state = 'booked' AND a.status IN ('completed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM tutoring_sessions s WHERE s.allocation_id = l.owner_id AND s.session_number = l.session_number AND s.status <> 'cancelled')",
    ),
    (
        "open_allocation_has_its_paid_sessions",
        "SELECT COUNT(*) FROM (SELECT a.session_count, (SELECT COALESCE(SUM(p.session_count), 0) FROM allocation_payments p JOIN allocations o ON o.id = p.allocation_id WHERE o.purchase_id = a.purchase_id AND p.is_refunded = FALSE) AS paid, (SELECT COUNT(*) FROM tutoring_sessions s JOIN allocations o ON o.id = s.allocation_id WHERE o.purchase_id = a.purchase_id AND o.open_course_id IS NULL AND s.status NOT IN ('scheduled', 'cancelled')) AS held_before, (SELECT COUNT(*) FROM tutoring_sessions s WHERE s.allocation_id = a.id AND s.status NOT IN ('scheduled', 'cancelled')) AS held FROM allocations a WHERE a.purchase_id IS NOT NULL AND a.open_course_id IS NOT NULL) c WHERE c.session_count + c.held_before <> c.paid AND c.session_count > c.held",
    ),
]);
