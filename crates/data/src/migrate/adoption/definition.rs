use crate::Engine;

/// How a service takes over the database of the legacy service that it replaces.
///
/// The command `migrate adopt` verifies that the tables have exactly the declared columns, and that
/// no row fails a check. Then it moves the legacy tables to another schema or name, and applies the
/// migrations. It copies the rows with the statements of the adoption, and runs the
/// verifications. PostgreSQL and SQLite do this in one transaction. MySQL commits each change of a
/// table, so a failed or interrupted adoption is undone there.
///
/// In all texts, `{legacy}` precedes the name of a legacy table.
///
/// ```
/// use seaworthy_data::{Adoption, AdoptionCheck, Engine, LegacyTable, Migration, MigrationSet};
///
/// const LEGACY: Adoption = Adoption::new("the legacy shop", Engine::Postgres)
///     .with_tables(&[LegacyTable::new("orders", &["id bigint not null", "note text"])])
///     .with_checks(&[AdoptionCheck::new(
///         "orders.note is longer than 255 characters",
///         "SELECT id FROM {legacy}orders WHERE length(note) > 255",
///     )])
///     .with_statements("INSERT INTO orders (id, note) SELECT id, note FROM {legacy}orders")
///     .with_verifications(&[AdoptionCheck::new(
///         "orders are missing",
///         "SELECT id FROM {legacy}orders o WHERE NOT EXISTS (SELECT 1 FROM orders n WHERE n.id = o.id)",
///     )]);
///
/// const MIGRATIONS: &[MigrationSet] = &[MigrationSet::for_service(&[Migration::new(
///     1,
///     "orders",
///     "CREATE TABLE orders (id {bigint} NOT NULL PRIMARY KEY, note {string})",
///     "DROP TABLE orders",
/// )])
/// .with_adoption(&LEGACY)];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adoption {
    pub(super) name: &'static str,
    pub(super) engine: Engine,
    pub(super) tables: &'static [LegacyTable],
    pub(super) checks: &'static [AdoptionCheck],
    pub(super) statements: &'static str,
    pub(super) verifications: &'static [AdoptionCheck],
}

impl Adoption {
    /// Creates an adoption from a legacy service, whose name appears in messages, such as "the
    /// legacy event service", on this engine.
    #[must_use]
    pub const fn new(name: &'static str, engine: Engine) -> Self {
        Self {
            name,
            engine,
            tables: &[],
            checks: &[],
            statements: "",
            verifications: &[],
        }
    }

    /// Sets the tables of the legacy service. The database may have further tables, which stay
    /// unchanged.
    #[must_use]
    pub const fn with_tables(mut self, tables: &'static [LegacyTable]) -> Self {
        self.tables = tables;
        self
    }

    /// Sets the checks of rows that cannot be converted. The adoption reports all of them and
    /// changes nothing.
    #[must_use]
    pub const fn with_checks(mut self, checks: &'static [AdoptionCheck]) -> Self {
        self.checks = checks;
        self
    }

    /// Sets the statements that copy the rows, with the placeholders of migrations. On MySQL they
    /// must not create, change or drop tables.
    #[must_use]
    pub const fn with_statements(mut self, statements: &'static str) -> Self {
        self.statements = statements;
        self
    }

    /// Sets the checks that find rows missing from the copy.
    #[must_use]
    pub const fn with_verifications(mut self, verifications: &'static [AdoptionCheck]) -> Self {
        self.verifications = verifications;
        self
    }
}

/// A table of a legacy service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyTable {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

impl LegacyTable {
    /// Creates a table. A column is its name, its type and, unless it may be `NULL`, `not null`:
    /// `"id uuid not null"`. Types are written as the catalogue of the engine prints them, in lower
    /// case and, for integers of MySQL, without a display width. The order of columns is free.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns }
    }
}

/// A check of an adoption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptionCheck {
    pub(super) problem: &'static str,
    pub(super) rows: &'static str,
}

impl AdoptionCheck {
    /// Creates a check from the problem and a query with one column, which identifies each row that
    /// has the problem. The report contains the identifiers, so they must not be personal data.
    #[must_use]
    pub const fn new(problem: &'static str, rows: &'static str) -> Self {
        Self { problem, rows }
    }
}
