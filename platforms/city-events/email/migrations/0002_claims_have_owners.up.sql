-- The token of the sender that holds the claim. NULL in rows of an earlier version.
ALTER TABLE sent_mails ADD COLUMN owner {string};
