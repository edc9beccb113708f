-- The tables of the legacy service after all of its migrations.

CREATE EXTENSION "pgcrypto";

CREATE TABLE users (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    email text NOT NULL,
    password_hash text,
    role text NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    locked boolean NOT NULL DEFAULT false,
    token_version bigint NOT NULL DEFAULT 0,
    password_changed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    username text,
    avatar_image_id uuid,
    CHECK ((role = ANY (ARRAY['user'::text, 'moderator'::text, 'admin'::text]))),
    PRIMARY KEY (id),
    UNIQUE (email)
);

CREATE TABLE oauth_identities (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    provider text NOT NULL,
    provider_user_id text NOT NULL,
    email text,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    PRIMARY KEY (id),
    UNIQUE (provider, provider_user_id)
);

CREATE INDEX idx_oauth_identities_email ON oauth_identities USING btree (email);

CREATE INDEX idx_oauth_identities_user_id ON oauth_identities USING btree (user_id);

CREATE INDEX idx_users_role ON users USING btree (role);
