-- Published courses, a copy of the topic course-changed.
CREATE TABLE courses (
    id {uuid} NOT NULL PRIMARY KEY,
    is_published {boolean} NOT NULL,
    version {bigint} NOT NULL
);

CREATE TABLE payments (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    -- Absent for the general orders of other services.
    course_id {uuid},
    purpose {string} NOT NULL,
    -- Minor units, with tax and after all discounts.
    amount_cents {bigint} NOT NULL,
    currency {string} NOT NULL,
    status {string} NOT NULL,
    -- The order and the payment at the provider. Neither replaces the other.
    order_id {string},
    provider_payment_id {string},
    receipt {string} NOT NULL,
    idempotency_key {string},
    -- SHA-256 of the request, so that a key is not used for another request.
    request_hash {string} NOT NULL,
    quote {json} NOT NULL,
    metadata {json} NOT NULL,
    coins {bigint} NOT NULL,
    coin_state {string} NOT NULL,
    discount_state {string} NOT NULL,
    failure_reason {string},
    -- The progress after the payment, from events.
    enrollment_status {string} NOT NULL,
    purchase_status {string} NOT NULL,
    assignment_status {string} NOT NULL,
    expires_at {timestamp} NOT NULL,
    confirmed_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT payments_amount CHECK (amount_cents > 0),
    CONSTRAINT payments_coins CHECK (coins >= 0),
    CONSTRAINT payments_status CHECK (status IN ('initiated', 'processing', 'succeeded', 'failed', 'cancelled', 'refunded')),
    CONSTRAINT payments_coin_state CHECK (coin_state IN ('none', 'reserved', 'spent', 'returned')),
    CONSTRAINT payments_discount_state CHECK (discount_state IN ('none', 'reserved', 'redeeming', 'redeemed', 'releasing', 'released', 'conflict')),
    CONSTRAINT payments_success CHECK (status NOT IN ('succeeded', 'refunded') OR (provider_payment_id IS NOT NULL AND confirmed_at IS NOT NULL))
);

CREATE UNIQUE INDEX payments_order ON payments (order_id);

CREATE UNIQUE INDEX payments_provider ON payments (provider_payment_id);

CREATE UNIQUE INDEX payments_receipt ON payments (receipt);

CREATE UNIQUE INDEX payments_key ON payments (student_id, idempotency_key);

CREATE INDEX payments_expiry ON payments (status, expires_at);

CREATE INDEX payments_student ON payments (student_id, created_at, id);

CREATE INDEX payments_discount ON payments (discount_state, updated_at);

CREATE INDEX payments_updated ON payments (updated_at, id);

-- The webhooks that were handled.
CREATE TABLE payment_events (
    provider_event_id {string} NOT NULL PRIMARY KEY,
    body_hash {string} NOT NULL,
    event_type {string} NOT NULL,
    created_at {timestamp} NOT NULL
);

CREATE INDEX payment_events_age ON payment_events (created_at);

-- Captured money that belongs to no open payment: it must be refunded or handled by an operator.
CREATE TABLE unexpected_captures (
    provider_payment_id {string} NOT NULL PRIMARY KEY,
    payment_id {uuid} NOT NULL,
    amount_cents {bigint} NOT NULL,
    currency {string} NOT NULL,
    -- late, second or mismatch.
    kind {string} NOT NULL,
    state {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT unexpected_captures_state CHECK (state IN ('open', 'refunded')),
    CONSTRAINT unexpected_captures_payment FOREIGN KEY (payment_id) REFERENCES payments (id)
);

CREATE INDEX unexpected_captures_open ON unexpected_captures (state, created_at);

-- Refunds in full. One for each payment at the provider.
CREATE TABLE refunds (
    id {uuid} NOT NULL PRIMARY KEY,
    payment_id {uuid} NOT NULL,
    provider_payment_id {string} NOT NULL,
    provider_refund_id {string},
    amount_cents {bigint} NOT NULL,
    currency {string} NOT NULL,
    state {string} NOT NULL,
    reason {string} NOT NULL,
    requested_by {uuid},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT refunds_amount CHECK (amount_cents > 0),
    CONSTRAINT refunds_state CHECK (state IN ('requested', 'processed')),
    CONSTRAINT refunds_payment FOREIGN KEY (payment_id) REFERENCES payments (id)
);

CREATE UNIQUE INDEX refunds_provider_payment ON refunds (provider_payment_id);

CREATE INDEX refunds_open ON refunds (state, updated_at);

CREATE TABLE coin_wallets (
    student_id {uuid} NOT NULL PRIMARY KEY,
    balance {bigint} NOT NULL,
    reserved {bigint} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT coin_wallets_reserved CHECK (reserved >= 0 AND balance >= reserved)
);

CREATE TABLE coin_transactions (
    id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    amount {bigint} NOT NULL,
    type {string} NOT NULL,
    reference_id {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT coin_transactions_amount CHECK (amount <> 0),
    CONSTRAINT coin_transactions_wallet FOREIGN KEY (student_id) REFERENCES coin_wallets (student_id)
);

CREATE UNIQUE INDEX coin_transactions_reference ON coin_transactions (student_id, type, reference_id);

CREATE INDEX coin_transactions_list ON coin_transactions (student_id, created_at, id);

CREATE TABLE coin_configuration (
    name {string} NOT NULL PRIMARY KEY,
    value {bigint} NOT NULL,
    CONSTRAINT coin_configuration_value CHECK (value >= 0)
);

INSERT INTO coin_configuration (name, value) VALUES
    ('registration', 10),
    ('course_completion', 100),
    ('referral', 50),
    ('coin_to_rupee_rate', 1);

CREATE TABLE reconciliations (
    id {uuid} NOT NULL PRIMARY KEY,
    started_at {timestamp} NOT NULL,
    finished_at {timestamp},
    checked {bigint} NOT NULL,
    differences {bigint} NOT NULL
);

CREATE INDEX reconciliations_age ON reconciliations (started_at);

CREATE TABLE reconciliation_differences (
    id {uuid} NOT NULL PRIMARY KEY,
    reconciliation_id {uuid} NOT NULL,
    kind {string} NOT NULL,
    payment_id {uuid},
    provider_payment_id {string},
    detail {string} NOT NULL,
    -- Whether the job has corrected it.
    is_resolved {boolean} NOT NULL,
    created_at {timestamp} NOT NULL,
    CONSTRAINT reconciliation_differences_run FOREIGN KEY (reconciliation_id) REFERENCES reconciliations (id) ON DELETE CASCADE
);

CREATE INDEX reconciliation_differences_run_index ON reconciliation_differences (reconciliation_id, created_at);
