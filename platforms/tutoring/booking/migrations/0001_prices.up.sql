-- The price list. Amounts are before tax and in minor units.
CREATE TABLE pricing_config (
    class_type {string} NOT NULL,
    session_count {integer} NOT NULL,
    -- A list of a limited time, which the switch summer_pricing_enabled turns on.
    is_summer {boolean} NOT NULL,
    base_price_minor {bigint} NOT NULL,
    currency {string} NOT NULL,
    gst_percentage {integer} NOT NULL,
    -- Taken off by a coupon of the kind class_amount, and by the welcome offer.
    coupon_minor {bigint} NOT NULL,
    deal_minor {bigint} NOT NULL,
    valid_from {timestamp},
    valid_until {timestamp},
    is_active {boolean} NOT NULL,
    PRIMARY KEY (class_type, session_count, is_summer),
    CONSTRAINT pricing_config_sessions CHECK (session_count IN (10, 20, 30)),
    CONSTRAINT pricing_config_price CHECK (base_price_minor > 0),
    CONSTRAINT pricing_config_discounts CHECK (coupon_minor >= 0 AND deal_minor >= 0 AND coupon_minor < base_price_minor AND deal_minor < base_price_minor),
    CONSTRAINT pricing_config_tax CHECK (gst_percentage BETWEEN 0 AND 100)
);

-- 20 and 10 sessions are two thirds and one third of 30, rounded half-up, until an operator changes them.
INSERT INTO pricing_config (class_type, session_count, is_summer, base_price_minor, currency, gst_percentage, coupon_minor, deal_minor, valid_from, valid_until, is_active) VALUES
    ('ONE_ON_ONE', 30, FALSE, 900000, 'INR', 18, 200000, 100000, NULL, NULL, TRUE),
    ('ONE_ON_ONE', 20, FALSE, 600000, 'INR', 18, 133333, 66667, NULL, NULL, TRUE),
    ('ONE_ON_ONE', 10, FALSE, 300000, 'INR', 18, 66667, 33333, NULL, NULL, TRUE),
    ('ONE_ON_TWO', 30, FALSE, 750000, 'INR', 18, 150000, 100000, NULL, NULL, TRUE),
    ('ONE_ON_TWO', 20, FALSE, 500000, 'INR', 18, 100000, 66667, NULL, NULL, TRUE),
    ('ONE_ON_TWO', 10, FALSE, 250000, 'INR', 18, 50000, 33333, NULL, NULL, TRUE),
    ('ONE_ON_THREE', 30, FALSE, 600000, 'INR', 18, 100000, 100000, NULL, NULL, TRUE),
    ('ONE_ON_THREE', 20, FALSE, 400000, 'INR', 18, 66667, 66667, NULL, NULL, TRUE),
    ('ONE_ON_THREE', 10, FALSE, 200000, 'INR', 18, 33333, 33333, NULL, NULL, TRUE),
    ('HYBRID', 30, FALSE, 500000, 'INR', 18, 100000, 100000, NULL, NULL, TRUE);

CREATE TABLE feature_flags (
    name {string} NOT NULL PRIMARY KEY,
    is_enabled {boolean} NOT NULL
);

INSERT INTO feature_flags (name, is_enabled) VALUES
    ('enable_10_session_packages', TRUE),
    ('enable_20_session_packages', TRUE),
    ('enable_sunday_focus', TRUE),
    ('summer_pricing_enabled', FALSE);

CREATE TABLE coupons (
    id {uuid} NOT NULL PRIMARY KEY,
    code {string} NOT NULL,
    -- The code in lower case.
    code_key {string} NOT NULL,
    type {string} NOT NULL,
    discount_type {string} NOT NULL,
    -- Percent, or minor units. Unused by class_amount.
    discount_value {bigint} NOT NULL,
    max_redemptions {bigint} NOT NULL,
    current_redemptions {bigint} NOT NULL,
    valid_from {timestamp} NOT NULL,
    valid_until {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT coupons_type CHECK (type IN ('school', 'influencer', 'promotional')),
    CONSTRAINT coupons_discount CHECK (discount_type IN ('percentage', 'fixed', 'class_amount')),
    CONSTRAINT coupons_redemptions CHECK (current_redemptions >= 0 AND current_redemptions <= max_redemptions),
    CONSTRAINT coupons_validity CHECK (valid_from < valid_until)
);

CREATE UNIQUE INDEX coupons_code ON coupons (code_key);

-- A discount of a payment: a coupon, or the welcome offer without one.
CREATE TABLE coupon_redemptions (
    payment_id {uuid} NOT NULL PRIMARY KEY,
    student_id {uuid} NOT NULL,
    -- The student while the discount is reserved or redeemed: one discount in a lifetime.
    holder_id {uuid},
    coupon_id {uuid},
    state {string} NOT NULL,
    quote {json} NOT NULL,
    expires_at {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT coupon_redemptions_state CHECK (state IN ('reserved', 'redeemed', 'released')),
    CONSTRAINT coupon_redemptions_coupon FOREIGN KEY (coupon_id) REFERENCES coupons (id)
);

CREATE UNIQUE INDEX coupon_redemptions_holder ON coupon_redemptions (holder_id);

CREATE INDEX coupon_redemptions_expiry ON coupon_redemptions (state, expires_at);
