-- The tables of the legacy service after all of its migrations.

CREATE TABLE event_index (
    event_id uuid NOT NULL,
    title text NOT NULL,
    city text,
    tags text[],
    start_time timestamp with time zone NOT NULL,
    status text NOT NULL DEFAULT 'draft'::text,
    owner_id text,
    synced_at timestamp with time zone DEFAULT now(),
    cover_image_ids text[],
    PRIMARY KEY (event_id)
);

CREATE TABLE event_trend_stats (
    event_id uuid NOT NULL,
    city text NOT NULL,
    join_users_24h integer DEFAULT 0,
    join_users_7d integer DEFAULT 0,
    view_users_24h integer DEFAULT 0,
    view_users_7d integer DEFAULT 0,
    updated_at timestamp with time zone DEFAULT now(),
    PRIMARY KEY (event_id)
);

CREATE TABLE track_outbox (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    actor_key text NOT NULL,
    event_type text NOT NULL,
    event_id uuid NOT NULL,
    feed_type text,
    position integer,
    request_id text,
    bucket_date date NOT NULL,
    created_at timestamp with time zone DEFAULT now(),
    processed_at timestamp with time zone,
    PRIMARY KEY (id)
);

CREATE TABLE user_events (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    actor_key text NOT NULL,
    event_type text NOT NULL,
    event_id uuid NOT NULL,
    feed_type text,
    position integer,
    request_id text,
    occurred_at timestamp with time zone DEFAULT now(),
    bucket_date date NOT NULL,
    CHECK ((event_type = ANY (ARRAY['impression'::text, 'view'::text, 'join'::text]))),
    PRIMARY KEY (id, bucket_date)
) PARTITION BY RANGE (bucket_date);

CREATE TABLE user_events_2026_01 PARTITION OF user_events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

CREATE TABLE user_tag_profile_a (
    actor_key text NOT NULL,
    tag text NOT NULL,
    weight double precision DEFAULT 0,
    updated_at timestamp with time zone DEFAULT now(),
    PRIMARY KEY (actor_key, tag)
);

CREATE TABLE user_tag_profile_b (
    actor_key text NOT NULL,
    tag text NOT NULL,
    weight double precision DEFAULT 0,
    updated_at timestamp with time zone DEFAULT now(),
    PRIMARY KEY (actor_key, tag)
);

CREATE TABLE user_tag_profile_config (
    id integer NOT NULL DEFAULT 1,
    active_table text NOT NULL DEFAULT 'a'::text,
    CHECK ((active_table = ANY (ARRAY['a'::text, 'b'::text]))),
    CHECK ((id = 1)),
    PRIMARY KEY (id)
);

CREATE INDEX ix_event_index_city ON event_index USING btree (city);

CREATE INDEX ix_event_index_status_start ON event_index USING btree (status, start_time) WHERE (status = 'published'::text);

CREATE INDEX ix_track_outbox_pending ON track_outbox USING btree (created_at) WHERE (processed_at IS NULL);

CREATE INDEX ix_trend_stats_city ON event_trend_stats USING btree (city);

CREATE INDEX ix_user_events_actor ON user_events USING btree (actor_key, bucket_date DESC);

CREATE INDEX ix_user_events_event ON user_events USING btree (event_id, bucket_date DESC);

CREATE UNIQUE INDEX ux_user_events_dedup ON user_events USING btree (actor_key, event_id, event_type, bucket_date);

CREATE VIEW user_tag_profile AS SELECT * FROM user_tag_profile_a;
