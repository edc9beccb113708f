-- The tables of the legacy service after all of its migrations.

CREATE EXTENSION "uuid-ossp";

CREATE TYPE join_status AS ENUM ('active', 'waitlisted', 'canceled', 'expired', 'rejected');

CREATE TYPE outbox_status AS ENUM ('pending', 'sent', 'dead', 'processing');

CREATE TABLE event_bans (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    reason text,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, user_id)
);

CREATE TABLE event_capacity (
    event_id uuid NOT NULL,
    capacity integer NOT NULL DEFAULT 0,
    active_count integer NOT NULL DEFAULT 0,
    waitlist_count integer NOT NULL DEFAULT 0,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id)
);

CREATE TABLE idempotency_keys (
    key text NOT NULL,
    user_id uuid NOT NULL,
    event_id uuid NOT NULL,
    action text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL DEFAULT (now() + '24:00:00'::interval),
    PRIMARY KEY (key)
);

CREATE TABLE joins (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status join_status NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    canceled_at timestamp with time zone,
    activated_at timestamp with time zone,
    expired_at timestamp with time zone,
    expired_reason text,
    canceled_by uuid,
    canceled_reason text,
    rejected_at timestamp with time zone,
    rejected_by uuid,
    rejected_reason text,
    PRIMARY KEY (id),
    UNIQUE (event_id, user_id)
);

CREATE TABLE outbox (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    trace_id text NOT NULL,
    routing_key text NOT NULL,
    payload jsonb NOT NULL,
    status outbox_status NOT NULL,
    occurred_at timestamp with time zone NOT NULL DEFAULT now(),
    next_retry_at timestamp with time zone DEFAULT now(),
    message_id uuid NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    last_error text,
    PRIMARY KEY (id)
);

CREATE TABLE processed_messages (
    message_id text NOT NULL,
    handler_name text NOT NULL,
    processed_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, handler_name)
);

CREATE INDEX idx_event_bans_event ON event_bans USING btree (event_id);

CREATE INDEX idx_event_bans_user ON event_bans USING btree (user_id);

CREATE INDEX idx_idempotency_keys_expires_at ON idempotency_keys USING btree (expires_at);

CREATE INDEX idx_joins_event_status_created_at ON joins USING btree (event_id, status, created_at);

CREATE INDEX idx_joins_event_status_created_id_asc ON joins USING btree (event_id, status, created_at, id);

CREATE INDEX idx_joins_user_created_at ON joins USING btree (user_id, created_at);

CREATE INDEX idx_joins_user_created_id_desc ON joins USING btree (user_id, created_at DESC, id DESC);

CREATE INDEX idx_joins_user_history ON joins USING btree (user_id, created_at DESC);

CREATE INDEX idx_joins_waitlist_fifo ON joins USING btree (event_id, created_at) WHERE (status = 'waitlisted'::join_status);

CREATE INDEX idx_outbox_pending_retry_occurred ON outbox USING btree (status, next_retry_at, occurred_at);

CREATE INDEX idx_outbox_pending ON outbox USING btree (next_retry_at) WHERE (status = 'pending'::outbox_status);

CREATE INDEX idx_outbox_status_next_retry ON outbox USING btree (status, next_retry_at);

CREATE UNIQUE INDEX uq_event_user ON joins USING btree (event_id, user_id);

CREATE UNIQUE INDEX uq_outbox_message_id ON outbox USING btree (message_id);
