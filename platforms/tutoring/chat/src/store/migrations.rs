use seaworthy::{
    audit_log,
    crypto::{EncryptedColumn, KEY_MIGRATIONS, RowKey},
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of conversations, doubts, messages, data keys, leases and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    KEY_MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "conversations", "../../migrations/0001_conversations"),
        migration!(2, "doubts", "../../migrations/0002_doubts"),
        migration!(
            3,
            "ended_allocations",
            "../../migrations/0003_ended_allocations"
        ),
        migration!(
            4,
            "old_allocations",
            "../../migrations/0004_old_allocations"
        ),
    ]),
];

/// The columns that data keys encrypt.
pub(crate) const COLUMNS: &[EncryptedColumn] = &[
    EncryptedColumn {
        name: "messages.content",
        key: RowKey::Uuid,
        select: "SELECT id, content FROM messages WHERE id > ? AND content IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE messages SET content = ? WHERE id = ? AND content = ?",
    },
    EncryptedColumn {
        name: "doubts.question",
        key: RowKey::Uuid,
        select: "SELECT id, question FROM doubts WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE doubts SET question = ? WHERE id = ? AND question = ?",
    },
    EncryptedColumn {
        name: "doubt_replies.content",
        key: RowKey::Uuid,
        select: "SELECT id, content FROM doubt_replies WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE doubt_replies SET content = ? WHERE id = ? AND content = ?",
    },
];
