-- The codes of each part of a window, in binary form. The column `sent` has their sum.
ALTER TABLE captcha_sent_codes ADD COLUMN counts {bytes};
