-- The days on which a trainer has a student, from the messages of booking. They arrive in any order,
-- so each part may be missing.
CREATE TABLE allocation_periods (
    allocation_id {uuid} NOT NULL PRIMARY KEY,
    trainer_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    first_day {string},
    last_day {string},
    -- The day of an early end, which is the first one without the student.
    ended_on {string}
);

CREATE INDEX allocation_periods_trainer ON allocation_periods (trainer_id, first_day);

-- The pay of each trainer and month, in minor units.
CREATE TABLE payroll_snapshots (
    id {uuid} NOT NULL PRIMARY KEY,
    trainer_id {uuid} NOT NULL,
    payroll_month {string} NOT NULL,
    working_days {integer} NOT NULL,
    student_days {integer} NOT NULL,
    base_minor {bigint} NOT NULL,
    daily_minor {bigint} NOT NULL,
    total_minor {bigint} NOT NULL,
    recalculated_at {timestamp} NOT NULL,
    CONSTRAINT payroll_snapshots_total CHECK (total_minor = base_minor + daily_minor)
);

CREATE UNIQUE INDEX payroll_snapshots_month ON payroll_snapshots (trainer_id, payroll_month);
