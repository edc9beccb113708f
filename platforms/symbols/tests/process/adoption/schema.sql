-- The tables of the legacy service after its start, with rows of each kind.
CREATE TABLE symbols (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    created_at datetime(3) NULL,
    updated_at datetime(3) NULL,
    deleted_at datetime(3) NULL,
    project_id bigint unsigned NOT NULL,
    uid varchar(255) NOT NULL,
    label varchar(255) NOT NULL,
    class_name varchar(255) NOT NULL,
    component_target varchar(255) NOT NULL,
    version int unsigned NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY idx_project_uid (project_id, uid),
    KEY idx_symbols_deleted_at (deleted_at),
    KEY idx_symbols_project_id (project_id),
    KEY idx_project_id (project_id)
) CHARACTER SET utf8mb4;

CREATE TABLE symbol_data (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    created_at datetime(3) NULL,
    updated_at datetime(3) NULL,
    deleted_at datetime(3) NULL,
    symbol_id bigint unsigned NOT NULL,
    data longblob NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY idx_symbol_data_symbol_id (symbol_id),
    KEY idx_symbol_data_deleted_at (deleted_at),
    CONSTRAINT fk_symbols_data FOREIGN KEY (symbol_id) REFERENCES symbols (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4;

INSERT INTO symbols (id, created_at, updated_at, deleted_at, project_id, uid, label, class_name, component_target, version) VALUES
    (1, '2026-01-02 03:04:05.678', '2026-01-03 03:04:05.678', NULL, 1, '00000000-0000-4000-8000-000000000001', 'a label', 'Class', 'Target', 4294967295),
    (2, '2026-01-02 03:04:05.678', '2026-01-03 03:04:05.678', '2026-01-04 03:04:05.678', 1, '00000000-0000-4000-8000-000000000002', 'removed', 'Class', 'Target', 1),
    (3, NULL, NULL, NULL, 18446744073709551615, '00000000-0000-4000-8000-000000000003', 'naïve ✓', 'Class', 'Target', 1),
    (7, '2026-01-02 03:04:05.678', NULL, NULL, 2, '00000000-0000-4000-8000-000000000004', 'without data', 'Class', 'Target', 1);

INSERT INTO symbol_data (created_at, updated_at, symbol_id, data) VALUES
    (now(3), now(3), 1, x'00ff10'),
    (now(3), now(3), 2, x'01'),
    (now(3), now(3), 3, x'');
