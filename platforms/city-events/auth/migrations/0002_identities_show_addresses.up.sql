-- Whether the provider had verified the address when the identity was linked. Existing identities are
-- linked to accounts with verified addresses.
ALTER TABLE oauth_identities ADD COLUMN email_verified {boolean} NOT NULL DEFAULT TRUE;
