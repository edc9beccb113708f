-- The payments of an allocation are counted with each purchase and refund.
CREATE INDEX allocation_payments_allocation ON allocation_payments (allocation_id);
