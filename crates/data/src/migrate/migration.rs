use super::Adoption;
use sha2::{Digest as _, Sha256};

/// A migration, with the SQL to apply and to undo it.
///
/// One text serves all engines.
/// [`docs/data.md`](https://github.com/seaworthy/seaworthy/blob/main/docs/data.md) lists its
/// placeholders.
///
/// ```
/// use seaworthy_data::Migration;
///
/// const ORDERS: Migration = Migration::new(
///     1,
///     "orders",
///     "CREATE TABLE orders (id {string} NOT NULL PRIMARY KEY)",
///     "DROP TABLE orders",
/// );
/// assert_eq!(ORDERS.name(), "orders");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    version: u32,
    name: &'static str,
    up: &'static str,
    down: &'static str,
    previous_checksums: &'static [&'static str],
}

impl Migration {
    /// Creates a migration. Versions rise from 1.
    #[must_use]
    pub const fn new(
        version: u32,
        name: &'static str,
        up: &'static str,
        down: &'static str,
    ) -> Self {
        Self {
            version,
            name,
            up,
            down,
            previous_checksums: &[],
        }
    }

    /// Accepts a database that applied this migration with an earlier text, which has one of these
    /// checksums. The tables of each text must work with the later migrations.
    #[must_use]
    pub const fn with_previous_checksums(mut self, checksums: &'static [&'static str]) -> Self {
        self.previous_checksums = checksums;
        self
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn up(&self) -> &'static str {
        self.up
    }

    pub(super) const fn down(&self) -> &'static str {
        self.down
    }

    /// Returns whether a database with this checksum has applied this migration, with this text or
    /// an accepted earlier one.
    pub(super) fn accepts(&self, checksum: &str) -> bool {
        self.previous_checksums.contains(&checksum) || self.checksum() == checksum
    }

    /// Returns the SHA-256 of the text in hexadecimal. Line endings do not count, because a
    /// checkout may change them.
    pub(super) fn checksum(&self) -> String {
        let text = format!("{}\0{}", self.up, self.down).replace("\r\n", "\n");
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Migrations with a common history.
///
/// ```
/// use seaworthy_data::{Migration, MigrationSet};
///
/// const MIGRATIONS: MigrationSet = MigrationSet::for_service(&[Migration::new(
///     1,
///     "orders",
///     "CREATE TABLE orders (id {string} NOT NULL PRIMARY KEY)",
///     "DROP TABLE orders",
/// )]);
/// assert_eq!(MIGRATIONS.migrations()[0].version(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationSet {
    name: &'static str,
    migrations: &'static [Migration],
    adoption: Option<&'static Adoption>,
}

impl MigrationSet {
    /// Creates the set of the service.
    #[must_use]
    pub const fn for_service(migrations: &'static [Migration]) -> Self {
        Self {
            name: "",
            migrations,
            adoption: None,
        }
    }

    /// Creates the set of a part, such as `outbox`. The name has lower-case letters and
    /// underscores.
    #[must_use]
    pub const fn for_part(name: &'static str, migrations: &'static [Migration]) -> Self {
        Self {
            name,
            migrations,
            adoption: None,
        }
    }

    /// Declares how the command `migrate adopt` takes over the database of a legacy service.
    #[must_use]
    pub const fn with_adoption(mut self, adoption: &'static Adoption) -> Self {
        self.adoption = Some(adoption);
        self
    }

    pub(super) const fn adoption(&self) -> Option<&'static Adoption> {
        self.adoption
    }

    /// The name. Empty for the set of the service.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The migrations.
    #[must_use]
    pub const fn migrations(&self) -> &'static [Migration] {
        self.migrations
    }

    /// Returns an error in the definition of the set.
    pub(super) fn definition_error(&self) -> Option<String> {
        let is_word = |name: &str| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        if !is_word(self.name) {
            return Some(format!(
                "{:?} is not a valid name of a migration set: use lower-case letters and '_'",
                self.name
            ));
        }
        let mut before = 0;
        for migration in self.migrations {
            if migration.version <= before {
                return Some(format!(
                    "migration {} follows {before}: versions must rise from 1",
                    migration.version
                ));
            }
            before = migration.version;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_previous_checksum_is_accepted_data_2() {
        let migration = Migration::new(1, "orders", "SELECT 1", "SELECT 2")
            .with_previous_checksums(&["first", "second"]);
        for checksum in ["first", "second", &migration.checksum()] {
            assert!(migration.accepts(checksum), "{checksum}");
        }
        assert!(!migration.accepts("third"));
    }
}
