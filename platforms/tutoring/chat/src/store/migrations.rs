use seaworthy::{
    audit_log,
    crypto::{EncryptedColumn, KEY_MIGRATIONS, RowKey},
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    outbox,
};

/// The tables of conversations, doubts, messages, data keys, leases and the audit log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    KEY_MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "conversations",
            include_str!("../../migrations/0001_conversations.up.sql"),
            include_str!("../../migrations/0001_conversations.down.sql"),
        ),
        Migration::new(
            2,
            "doubts",
            include_str!("../../migrations/0002_doubts.up.sql"),
            include_str!("../../migrations/0002_doubts.down.sql"),
        ),
        Migration::new(
            3,
            "ended_allocations",
            include_str!("../../migrations/0003_ended_allocations.up.sql"),
            include_str!("../../migrations/0003_ended_allocations.down.sql"),
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
