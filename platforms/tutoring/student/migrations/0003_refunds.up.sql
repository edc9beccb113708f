-- The paid sessions of courses. A refund may arrive before its purchase.
CREATE TABLE my_payments (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    course_id {uuid} NOT NULL,
    session_count {integer} NOT NULL,
    is_refunded {boolean} NOT NULL
);

CREATE INDEX my_payments_course ON my_payments (student_id, course_id);
