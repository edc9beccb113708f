-- What was sent, so that it is not sent again.
CREATE TABLE sent_mails (
    -- SHA-256 of what it is about: a link's token is a secret.
    about {key_bytes} NOT NULL PRIMARY KEY,
    -- False while somebody is sending it.
    sent {boolean} NOT NULL,
    -- Microseconds since 1970: until then it is remembered, or belongs to whoever is sending it.
    until_us {bigint} NOT NULL
);

CREATE INDEX sent_mails_until ON sent_mails (until_us);
