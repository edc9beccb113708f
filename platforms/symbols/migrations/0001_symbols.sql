-- A removed symbol stays as a row; its uid is free again, which the partial index says.
CREATE TABLE symbols (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    label TEXT NOT NULL,
    class_name TEXT NOT NULL,
    component_target TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX symbols_by_project_and_uid ON symbols (project_id, uid) WHERE deleted_at IS NULL;
CREATE INDEX symbols_by_project ON symbols (project_id, id) WHERE deleted_at IS NULL;

-- Apart from the rest, so that a list never reads it.
CREATE TABLE symbol_data (
    symbol_id INTEGER PRIMARY KEY REFERENCES symbols (id) ON DELETE CASCADE,
    data BLOB NOT NULL
) STRICT;
