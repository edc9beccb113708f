-- Sent mails, so that no mail is sent twice.
CREATE TABLE sent_mails (
    -- SHA-256 of the identity of the mail, because the token of a link is a secret.
    about {key_bytes} NOT NULL PRIMARY KEY,
    -- False while a sender holds a claim.
    sent {boolean} NOT NULL,
    -- Microseconds since 1970: the end of the retention or of the claim.
    until_us {bigint} NOT NULL
);

CREATE INDEX sent_mails_until ON sent_mails (until_us);
