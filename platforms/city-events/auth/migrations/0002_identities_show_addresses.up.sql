-- Whether the provider had seen that the address is the user's when the identity was linked. Those that are there were linked to accounts that had shown it.
ALTER TABLE oauth_identities ADD COLUMN email_verified {boolean} NOT NULL DEFAULT TRUE;
