DROP TABLE oauth_identities;

DROP TABLE users;
