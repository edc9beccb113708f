-- on postgres:
-- Exactly the columns of the legacy service, which may create this table too.
CREATE TABLE public.events (
    id uuid PRIMARY KEY,
    owner_id text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    city text NOT NULL,
    city_norm text NOT NULL,
    category text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    capacity int NOT NULL DEFAULT 0,
    active_participants int NOT NULL DEFAULT 0,
    status text NOT NULL,
    published_at timestamptz,
    canceled_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    cover_image_ids jsonb DEFAULT '[]'::jsonb,
    search_vector tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B')
    ) STORED
);

CREATE INDEX events_public ON public.events (status, start_time, id);

CREATE INDEX events_city ON public.events (city_norm text_pattern_ops, start_time);

CREATE INDEX events_owner ON public.events (owner_id, created_at);

CREATE INDEX events_search ON public.events USING gin (search_vector);
-- end

-- on mysql, sqlite:
CREATE TABLE events (
    id {uuid} NOT NULL PRIMARY KEY,
    owner_id {string} NOT NULL,
    title {text} NOT NULL,
    description {text} NOT NULL,
    city {string} NOT NULL,
    city_norm {string} NOT NULL,
    category {string} NOT NULL,
    start_time {timestamp} NOT NULL,
    end_time {timestamp} NOT NULL,
    capacity {integer} NOT NULL DEFAULT 0,
    active_participants {integer} NOT NULL DEFAULT 0,
    status {string} NOT NULL,
    published_at {timestamp},
    canceled_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    cover_image_ids {json},
    -- The words of title and description in lower case, each after a space. PostgreSQL uses
    -- search_vector instead.
    title_words {text} NOT NULL,
    description_words {text} NOT NULL
);

CREATE INDEX events_public ON events (status, start_time, id);

CREATE INDEX events_city ON events (city_norm, start_time);

CREATE INDEX events_owner ON events (owner_id, created_at);
-- end

-- Revision of the last applied participant count of the join service.
CREATE TABLE event_counts (
    event_id {uuid} NOT NULL PRIMARY KEY,
    revision {bigint} NOT NULL
);
