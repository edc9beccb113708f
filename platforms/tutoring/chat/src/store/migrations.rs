use seaworthy::{
    crypto::{EncryptedColumn, KEY_MIGRATIONS, RowKey},
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    outbox,
};

/// The tables of conversations, messages, data keys and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    KEY_MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[Migration::new(
        1,
        "conversations",
        include_str!("../../migrations/0001_conversations.up.sql"),
        include_str!("../../migrations/0001_conversations.down.sql"),
    )]),
];

/// The columns that data keys encrypt.
pub(crate) const COLUMNS: &[EncryptedColumn] = &[EncryptedColumn {
    name: "messages.content",
    key: RowKey::Uuid,
    select: "SELECT id, content FROM messages WHERE id > ? AND content IS NOT NULL ORDER BY id LIMIT ?",
    update: "UPDATE messages SET content = ? WHERE id = ? AND content = ?",
}];
