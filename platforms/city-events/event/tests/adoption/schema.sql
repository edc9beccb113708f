-- The tables of the legacy service after all of its migrations.

CREATE TYPE outbox_status AS ENUM ('pending', 'sent', 'failed', 'dead', 'processing');

CREATE TABLE event_outbox (
    id bigserial,
    message_id uuid NOT NULL,
    routing_key text NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    sent_at timestamp with time zone,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    status outbox_status NOT NULL DEFAULT 'pending'::outbox_status,
    next_retry_at timestamp with time zone,
    PRIMARY KEY (id),
    UNIQUE (message_id)
);

CREATE TABLE events (
    id uuid NOT NULL,
    owner_id text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    city text NOT NULL,
    category text NOT NULL,
    start_time timestamp with time zone NOT NULL,
    end_time timestamp with time zone NOT NULL,
    capacity integer NOT NULL DEFAULT 0,
    status text NOT NULL,
    published_at timestamp with time zone,
    canceled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    search_vector tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B')) STORED,
    active_participants integer NOT NULL DEFAULT 0,
    city_norm text NOT NULL,
    cover_image_ids jsonb DEFAULT '[]'::jsonb,
    PRIMARY KEY (id)
);

CREATE INDEX idx_event_outbox_pending_retry ON event_outbox USING btree (next_retry_at, created_at) WHERE (status = 'pending'::outbox_status);

CREATE INDEX idx_events_autocomplete ON events USING btree (status, start_time, city_norm text_pattern_ops) WHERE (status = 'published'::text);

CREATE INDEX idx_events_category_time ON events USING btree (status, category, start_time, id);

CREATE INDEX idx_events_city_category_time ON events USING btree (status, city, category, start_time, id);

CREATE INDEX idx_events_city_norm_prefix ON events USING btree (city_norm text_pattern_ops);

CREATE INDEX idx_events_city_start ON events USING btree (city, start_time);

CREATE INDEX idx_events_city_time ON events USING btree (status, city, start_time, id);

CREATE INDEX idx_events_owner_created ON events USING btree (owner_id, created_at DESC);

CREATE INDEX idx_events_public_city_time_id ON events USING btree (city, start_time, id) WHERE (status = 'published'::text);

CREATE INDEX idx_events_public_keyset ON events USING btree (start_time, id) WHERE (status = 'published'::text);

CREATE INDEX idx_events_public_time ON events USING btree (status, start_time, id);

CREATE INDEX idx_events_search_vector_published_gin ON events USING gin (search_vector) WHERE (status = 'published'::text);

CREATE INDEX idx_events_status_start ON events USING btree (status, start_time);
