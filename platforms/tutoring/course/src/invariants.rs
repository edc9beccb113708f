use seaworthy::data::Invariants;

/// The invariants of `docs/tutoring/invariants.md`: the name, and a query that counts violations.
pub const INVARIANTS: Invariants = Invariants(&[
    (
        "purchase_has_its_paid_sessions",
        "SELECT COUNT(*) FROM purchases p WHERE p.purchase_tier <> (SELECT COALESCE(SUM(m.session_count), 0) FROM purchase_payments m WHERE m.purchase_id = p.id AND m.is_refunded = FALSE)",
    ),
    (
        "active_purchase_has_sessions",
        "SELECT COUNT(*) FROM purchases WHERE (active_course_id IS NULL) <> (purchase_tier = 0)",
    ),
    (
        "early_refund_opens_nothing",
        "SELECT COUNT(*) FROM early_refunds r JOIN purchase_payments m ON m.payment_id = r.payment_id",
    ),
    (
        "completed_purchase_has_its_held_sessions",
        "SELECT COUNT(*) FROM purchases p WHERE p.completed_at IS NOT NULL AND (SELECT COUNT(*) FROM delivered_sessions d WHERE d.purchase_id = p.id) < p.purchase_tier",
    ),
    (
        "certificate_has_thirty_held_sessions",
        "SELECT COUNT(*) FROM certificates c WHERE (SELECT COUNT(*) FROM delivered_sessions d WHERE d.purchase_id = c.purchase_id) < 30",
    ),
    (
        "exam_attempts_are_numbered_without_gap",
        "SELECT COUNT(*) FROM (SELECT 1 AS gap FROM exam_attempts GROUP BY student_id, level_id HAVING COUNT(*) <> MAX(attempt_number)) AS gaps",
    ),
    (
        "reviewed_project_names_its_reviewer",
        "SELECT COUNT(*) FROM student_projects WHERE (status = 'pending') <> (reviewed_by IS NULL)",
    ),
]);
