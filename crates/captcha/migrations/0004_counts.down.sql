ALTER TABLE captcha_sent_codes DROP COLUMN counts;
