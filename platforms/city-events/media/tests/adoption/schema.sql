-- The table of the legacy service after all of its migrations.

CREATE TABLE media_uploads (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    purpose character varying NOT NULL,
    status character varying NOT NULL DEFAULT 'PENDING'::character varying,
    raw_object_key character varying,
    derived_keys jsonb DEFAULT '{}'::jsonb,
    error_message text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
);

CREATE INDEX idx_media_uploads_owner_purpose ON media_uploads USING btree (owner_id, purpose, status);
CREATE INDEX idx_media_uploads_status ON media_uploads USING btree (status)
    WHERE ((status)::text = ANY ((ARRAY['PENDING'::character varying, 'UPLOADED'::character varying, 'PROCESSING'::character varying])::text[]));

