-- The password is "correct horse battery".
INSERT INTO users (id, email, password_hash, role, email_verified, locked, token_version, username) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Ada@Example.org ', '$2a$12$abcdefghijklmnopqrstuuE3j5FFjC71WyDL2KIK7ShSoj8tPD3m6', 'admin', TRUE, FALSE, 0, 'Ada'),
    ('00000000-0000-4000-8000-000000000002', 'locked@example.org', '$2a$12$abcdefghijklmnopqrstuuE3j5FFjC71WyDL2KIK7ShSoj8tPD3m6', 'user', TRUE, TRUE, 3, NULL),
    ('00000000-0000-4000-8000-000000000003', 'provider@example.org', NULL, 'moderator', FALSE, FALSE, 0, NULL);

INSERT INTO oauth_identities (provider, provider_user_id, email, user_id) VALUES
    ('google', '4711', 'provider@example.org', '00000000-0000-4000-8000-000000000003');
