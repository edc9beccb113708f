DROP TABLE captcha_sent_codes;
