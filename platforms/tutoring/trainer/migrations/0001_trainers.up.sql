CREATE TABLE trainers (
    id {uuid} NOT NULL PRIMARY KEY,
    -- The members of the account and of the application, a copy of the topic trainer-changed.
    account {json} NOT NULL,
    account_version {bigint} NOT NULL,
    is_listed {boolean} NOT NULL,
    -- The members that the trainer has changed.
    profile {json} NOT NULL,
    -- The place that the trainer has confirmed, in degrees and metres.
    latitude {float},
    longitude {float},
    accuracy {float},
    confirmed_at {timestamp},
    -- Hours HH:00, and days from Mon to Sat.
    slots {json} NOT NULL,
    days {json} NOT NULL,
    accepts_online {boolean} NOT NULL,
    max_per_day {integer},
    rating {float},
    rating_count {integer} NOT NULL,
    -- Grows with each change of the trainer.
    version {bigint} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL
);

CREATE INDEX trainers_listed ON trainers (is_listed, created_at, id);

CREATE TABLE bank_details (
    trainer_id {uuid} NOT NULL PRIMARY KEY,
    -- Encrypted.
    account_number {text} NOT NULL,
    ifsc {text} NOT NULL,
    account_holder {text} NOT NULL,
    updated_at {timestamp} NOT NULL
);

-- Sessions of trainers, from the messages of booking.
CREATE TABLE held_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    trainer_id {uuid} NOT NULL,
    status {string} NOT NULL
);

CREATE INDEX held_sessions_trainer ON held_sessions (trainer_id, status);

CREATE TABLE substitutions (
    session_id {uuid} NOT NULL PRIMARY KEY,
    original_trainer_id {uuid} NOT NULL,
    substitute_trainer_id {uuid} NOT NULL,
    student_id {uuid} NOT NULL,
    session_date {string} NOT NULL,
    time_slot {string} NOT NULL
);

CREATE INDEX substitutions_original ON substitutions (original_trainer_id);

CREATE INDEX substitutions_substitute ON substitutions (substitute_trainer_id);
