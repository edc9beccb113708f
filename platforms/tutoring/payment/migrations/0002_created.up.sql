-- The reconciliation reads the payments of the last days.
CREATE INDEX payments_created ON payments (created_at, id);
