CREATE TABLE symbols (
    id {identity},
    -- The bits of an unsigned number. No query sorts by project.
    project_id {bigint} NOT NULL,
    uid {string} NOT NULL,
    label {string} NOT NULL,
    class_name {string} NOT NULL,
    component_target {string} NOT NULL,
    version {bigint} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    deleted_at {timestamp},
    -- 1, or NULL after the symbol was removed. Its row stays, and its uid is available again. MariaDB has no partial indexes.
    live {integer} DEFAULT 1
);

CREATE UNIQUE INDEX symbols_uid ON symbols (project_id, uid, live);

CREATE INDEX symbols_project ON symbols (project_id, live, id);

-- In a separate table, so that lists do not read it.
CREATE TABLE symbol_data (
    symbol_id {bigint} NOT NULL PRIMARY KEY,
    data {bytes} NOT NULL,
    CONSTRAINT symbol_data_symbol FOREIGN KEY (symbol_id) REFERENCES symbols (id) ON DELETE CASCADE
);
