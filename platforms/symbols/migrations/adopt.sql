-- Unsigned project IDs keep their bits. Times are taken as UTC.
INSERT INTO symbols (id, project_id, uid, label, class_name, component_target, version, created_at, updated_at, deleted_at, live)
    SELECT id, CAST(project_id AS SIGNED), uid, label, class_name, component_target, version,
        COALESCE(created_at, updated_at, CURRENT_TIMESTAMP(6)), COALESCE(updated_at, created_at, CURRENT_TIMESTAMP(6)), deleted_at,
        CASE WHEN deleted_at IS NULL THEN 1 END
    FROM {legacy}symbols ORDER BY id;

-- The legacy service reads a symbol without data as one with empty data.
INSERT INTO symbol_data (symbol_id, data)
    SELECT s.id, COALESCE(d.data, '') FROM {legacy}symbols s LEFT JOIN {legacy}symbol_data d ON d.symbol_id = s.id AND d.deleted_at IS NULL;
