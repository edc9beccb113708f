-- Refunds that arrived before their purchase. Messages of two topics have no order.
CREATE TABLE early_refunds (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    created_at {timestamp} NOT NULL
);
