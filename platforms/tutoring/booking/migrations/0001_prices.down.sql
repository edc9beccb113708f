DROP TABLE coupon_redemptions;
DROP TABLE coupons;
DROP TABLE feature_flags;
DROP TABLE pricing_config;
