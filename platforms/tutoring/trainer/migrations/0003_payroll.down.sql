DROP TABLE payroll_snapshots;
DROP TABLE allocation_periods;
