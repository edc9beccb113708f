CREATE TABLE csv_imports (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {string} NOT NULL,
    owner_id {string} NOT NULL,
    name {string} NOT NULL,
    context {text} NOT NULL,
    -- batches or all_or_nothing.
    mode {string} NOT NULL,
    dry_run {boolean} NOT NULL,
    -- receiving, checking, checked, storing, done, failed, cancelled, undoing or undone.
    status {string} NOT NULL,
    delimiter {string} NOT NULL,
    -- The size of the decoded file.
    size_bytes {bigint} NOT NULL,
    -- The position of the current pass, between two rows.
    position_bytes {bigint} NOT NULL,
    position_line {bigint} NOT NULL,
    rows_read {bigint} NOT NULL,
    rows_checked {bigint} NOT NULL,
    rows_bad {bigint} NOT NULL,
    rows_stored {bigint} NOT NULL,
    failure_reason {string},
    failure_text {text},
    -- Attempts since the last progress.
    attempts {integer} NOT NULL,
    -- The worker, and the end of its claim in microseconds since 1970.
    claimed_by {uuid},
    claimed_until_us {bigint} NOT NULL,
    -- Microseconds since 1970.
    created_us {bigint} NOT NULL,
    changed_us {bigint} NOT NULL
);

CREATE INDEX csv_imports_status ON csv_imports (kind, status, changed_us);
CREATE INDEX csv_imports_owner ON csv_imports (owner_id, kind, created_us);

-- The decoded file in pieces of equal size.
CREATE TABLE csv_import_pieces (
    import_id {uuid} NOT NULL,
    number {bigint} NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE csv_import_bad_rows (
    import_id {uuid} NOT NULL,
    number {bigint} NOT NULL,
    line {bigint} NOT NULL,
    column_name {string},
    value_text {text},
    message {text} NOT NULL,
    PRIMARY KEY (import_id, number)
);
