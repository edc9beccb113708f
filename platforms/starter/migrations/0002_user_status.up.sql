-- `active` or `disabled`. Only active users log in.
ALTER TABLE users ADD COLUMN status {string} NOT NULL DEFAULT 'active';
