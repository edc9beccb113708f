-- The paid sessions of courses. A refund may arrive before its purchase.
CREATE TABLE my_payments (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    session_count {integer} NOT NULL,
    is_refunded {boolean} NOT NULL
);

CREATE INDEX my_payments_course ON my_payments (student_id, course_id);

-- Courses that were bought before this migration have one payment, the last one, with all sessions.
-- on postgres:
INSERT INTO my_payments (payment_id, student_id, course_id, session_count, is_refunded) SELECT COALESCE(CAST(metadata ->> 'paymentId' AS UUID), purchase_id), student_id, course_id, purchase_tier, FALSE FROM my_courses WHERE purchase_id IS NOT NULL AND purchase_tier > 0;
-- end
-- on sqlite:
INSERT INTO my_payments (payment_id, student_id, course_id, session_count, is_refunded) SELECT COALESCE(UNHEX(REPLACE(metadata ->> 'paymentId', '-', '')), purchase_id), student_id, course_id, purchase_tier, FALSE FROM my_courses WHERE purchase_id IS NOT NULL AND purchase_tier > 0;
-- end
-- on mysql:
INSERT INTO my_payments (payment_id, student_id, course_id, session_count, is_refunded) SELECT COALESCE(UNHEX(REPLACE(JSON_UNQUOTE(JSON_EXTRACT(metadata, '$.paymentId')), '-', '')), purchase_id), student_id, course_id, purchase_tier, FALSE FROM my_courses WHERE purchase_id IS NOT NULL AND purchase_tier > 0;
-- end
