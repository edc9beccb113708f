CREATE TABLE symbols (
    id {identity},
    -- The bits of an unsigned number: nothing asks for the order of projects.
    project_id {bigint} NOT NULL,
    uid {string} NOT NULL,
    label {string} NOT NULL,
    class_name {string} NOT NULL,
    component_target {string} NOT NULL,
    version {bigint} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    deleted_at {timestamp},
    -- 1, and none once the symbol is removed: its row stays, its uid is free again, and no index is partial, which MariaDB has none of.
    live {integer} DEFAULT 1
);

CREATE UNIQUE INDEX symbols_uid ON symbols (project_id, uid, live);

CREATE INDEX symbols_project ON symbols (project_id, live, id);

-- Apart from the rest, so that a list never reads it.
CREATE TABLE symbol_data (
    symbol_id {bigint} NOT NULL PRIMARY KEY,
    data {bytes} NOT NULL,
    CONSTRAINT symbol_data_symbol FOREIGN KEY (symbol_id) REFERENCES symbols (id) ON DELETE CASCADE
);
