use seaworthy::{
    account::{self, API_KEY_MIGRATIONS, SECOND_FACTOR_SECRETS},
    audit_log, captcha,
    crypto::{EncryptedColumn, KEY_MIGRATIONS, RowKey},
    data::{IDEMPOTENCY_MIGRATIONS, LEASE_MIGRATIONS, Migration, MigrationSet},
    flags, operation_log,
};

/// Tables of users, accounts, API keys, captchas, changed flags, logs, data keys, leases and
/// idempotency keys.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "users",
            include_str!("../../migrations/0001_users.up.sql"),
            include_str!("../../migrations/0001_users.down.sql"),
        ),
        Migration::new(
            2,
            "user status",
            include_str!("../../migrations/0002_user_status.up.sql"),
            include_str!("../../migrations/0002_user_status.down.sql"),
        ),
    ]),
    account::MIGRATIONS,
    API_KEY_MIGRATIONS,
    captcha::MIGRATIONS,
    flags::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    KEY_MIGRATIONS,
    LEASE_MIGRATIONS,
    IDEMPOTENCY_MIGRATIONS,
];

/// All encrypted columns, for the command `encryption`.
pub(crate) const COLUMNS: &[EncryptedColumn] = &[
    EncryptedColumn {
        name: "users.username",
        key: RowKey::Uuid,
        select: "SELECT id, username FROM users WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE users SET username = ? WHERE id = ? AND username = ?",
    },
    EncryptedColumn {
        name: "users.email",
        key: RowKey::Uuid,
        select: "SELECT id, email FROM users WHERE id > ? AND email IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE users SET email = ? WHERE id = ? AND email = ?",
    },
    EncryptedColumn {
        name: "users.phone",
        key: RowKey::Uuid,
        select: "SELECT id, phone FROM users WHERE id > ? AND phone IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE users SET phone = ? WHERE id = ? AND phone = ?",
    },
    SECOND_FACTOR_SECRETS,
];
