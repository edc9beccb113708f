DROP TABLE captcha_targets;
