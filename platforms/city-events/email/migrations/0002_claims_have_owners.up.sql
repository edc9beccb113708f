-- Who is sending the mail. A row of an earlier version has none.
ALTER TABLE sent_mails ADD COLUMN owner {string};
