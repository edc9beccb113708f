use serde::Serialize;

use super::{history::Applied, migration::MigrationSet};

/// The state of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationState {
    /// The migration is applied.
    Applied,
    /// The migration is not applied.
    Pending,
    /// The migration is applied, and its text was changed afterwards.
    Changed,
    /// The migration failed on an engine that cannot roll it back.
    Unfinished,
    /// The migration is applied, and the program does not contain it.
    Unknown,
    /// The migration is not applied, but a later one is.
    Skipped,
}

/// A migration and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationStatus {
    /// The set of the migration. Empty for migrations of the service.
    pub set: String,
    /// The version.
    pub version: u32,
    /// The name.
    pub name: String,
    /// The state.
    pub state: MigrationState,
}

pub(super) fn compare(set: &MigrationSet, applied: &[Applied]) -> Vec<MigrationStatus> {
    let last = applied.last().map_or(0, |last| last.version);
    let status = |version, name: &str, state| MigrationStatus {
        set: set.name().to_owned(),
        version,
        name: name.to_owned(),
        state,
    };
    let mut all: Vec<MigrationStatus> = set
        .migrations()
        .iter()
        .map(|migration| {
            let known = applied
                .iter()
                .find(|applied| applied.version == migration.version());
            let state = match known {
                Some(applied) if applied.unfinished => MigrationState::Unfinished,
                Some(applied) if !migration.accepts(&applied.checksum) => MigrationState::Changed,
                Some(_) => MigrationState::Applied,
                None if migration.version() < last => MigrationState::Skipped,
                None => MigrationState::Pending,
            };
            status(migration.version(), migration.name(), state)
        })
        .collect();
    let knows = |version| {
        set.migrations()
            .iter()
            .any(|migration| migration.version() == version)
    };
    all.extend(
        applied
            .iter()
            .filter(|applied| !knows(applied.version))
            .map(|applied| status(applied.version, &applied.name, MigrationState::Unknown)),
    );
    all.sort_by_key(|status| status.version);
    all
}
