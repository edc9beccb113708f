CREATE TABLE uploads (
    id {uuid} NOT NULL PRIMARY KEY,
    owner_id {string} NOT NULL,
    purpose {string} NOT NULL,
    -- pending, uploaded, scanning, processing, ready, failed, expired or deleted.
    status {string} NOT NULL,
    content_type {string},
    -- Metadata of the client, as it sent them.
    metadata {text},
    -- The declared size, then the size of the object. NULL while it is unknown.
    size_bytes {bigint},
    -- What the upload counts for in the quota of its owner.
    reserved_bytes {bigint} NOT NULL,
    -- Bytes of a resumable upload that are stored.
    received_bytes {bigint} NOT NULL,
    -- JSON: the stored parts of a resumable upload.
    parts {text},
    -- The entity tag of the completed object.
    etag {string},
    -- Whether the storage may have objects of the upload.
    has_object {boolean} NOT NULL,
    -- JSON: the keys of results.
    results {text},
    -- JSON: the result of processing.
    details {text},
    failure_reason {string},
    failure_text {text},
    attempts {integer} NOT NULL,
    -- The request or the worker that changes the upload, and the end of its claim in microseconds
    -- since 1970.
    claimed_by {uuid},
    claimed_until_us {bigint} NOT NULL,
    -- Microseconds since 1970.
    created_us {bigint} NOT NULL,
    changed_us {bigint} NOT NULL
);

CREATE INDEX uploads_owner ON uploads (owner_id, status);
CREATE INDEX uploads_changed ON uploads (status, changed_us);

-- One row per owner, whose lock serializes the check of the quota.
CREATE TABLE upload_owners (
    owner_id {string} NOT NULL PRIMARY KEY,
    changes {bigint} NOT NULL
);
