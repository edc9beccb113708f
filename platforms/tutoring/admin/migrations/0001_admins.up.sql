CREATE TABLE admin_users (
    id {uuid} NOT NULL PRIMARY KEY,
    -- Trimmed and in lower case.
    email {string} NOT NULL,
    full_name {string} NOT NULL,
    password_hash {text} NOT NULL,
    status {string} NOT NULL,
    admin_type {string} NOT NULL,
    parent_admin_id {uuid},
    -- The territory. An absent level means every place of the level above.
    state {string},
    district {string},
    zone {string},
    locality {string},
    last_login_at {timestamp},
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT admin_users_status CHECK (status IN ('active', 'inactive', 'suspended')),
    CONSTRAINT admin_users_type CHECK (admin_type IN ('company', 'franchise')),
    CONSTRAINT admin_users_levels CHECK (
        (district IS NULL OR state IS NOT NULL)
        AND (zone IS NULL OR district IS NOT NULL)
        AND (locality IS NULL OR zone IS NOT NULL)
    )
);

CREATE UNIQUE INDEX admin_users_email ON admin_users (email);

CREATE TABLE admin_user_roles (
    admin_id {uuid} NOT NULL,
    role {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    PRIMARY KEY (admin_id, role),
    CONSTRAINT admin_user_roles_admin FOREIGN KEY (admin_id) REFERENCES admin_users (id) ON DELETE CASCADE,
    CONSTRAINT admin_user_roles_role CHECK (role IN ('super_admin', 'state_admin', 'district_admin', 'zone_admin', 'locality_supervisor'))
);

CREATE INDEX admin_user_roles_role_admin ON admin_user_roles (role, admin_id);

-- The role super_admin has every permission and no rows.
CREATE TABLE admin_role_permissions (
    role {string} NOT NULL,
    permission {string} NOT NULL,
    PRIMARY KEY (role, permission),
    CONSTRAINT admin_role_permissions_role CHECK (role IN ('state_admin', 'district_admin', 'zone_admin', 'locality_supervisor'))
);

INSERT INTO admin_role_permissions (role, permission) VALUES
    ('state_admin', 'admin:read'),
    ('state_admin', 'admin:write'),
    ('state_admin', 'allocation:read'),
    ('state_admin', 'allocation:write'),
    ('state_admin', 'reschedule:decide'),
    ('state_admin', 'role:read'),
    ('state_admin', 'session:read'),
    ('state_admin', 'session:write'),
    ('state_admin', 'student:read'),
    ('state_admin', 'substitution:write'),
    ('state_admin', 'trainer:approve'),
    ('state_admin', 'trainer:read'),
    ('district_admin', 'admin:read'),
    ('district_admin', 'admin:write'),
    ('district_admin', 'allocation:read'),
    ('district_admin', 'allocation:write'),
    ('district_admin', 'reschedule:decide'),
    ('district_admin', 'role:read'),
    ('district_admin', 'session:read'),
    ('district_admin', 'session:write'),
    ('district_admin', 'student:read'),
    ('district_admin', 'substitution:write'),
    ('district_admin', 'trainer:approve'),
    ('district_admin', 'trainer:read'),
    ('zone_admin', 'allocation:read'),
    ('zone_admin', 'allocation:write'),
    ('zone_admin', 'reschedule:decide'),
    ('zone_admin', 'session:read'),
    ('zone_admin', 'student:read'),
    ('zone_admin', 'substitution:write'),
    ('zone_admin', 'trainer:approve'),
    ('zone_admin', 'trainer:read'),
    ('locality_supervisor', 'allocation:read'),
    ('locality_supervisor', 'session:read'),
    ('locality_supervisor', 'student:read'),
    ('locality_supervisor', 'trainer:read');
