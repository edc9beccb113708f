//! Migrations that run when a service starts, in languages and files without a grammar.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::Migration;
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "migrations at start",
    reader: Reader::Text(read),
};

/// Suffixes of paths, the pattern, the tool, and whether it keeps versions.
type Entry = (&'static [&'static str], &'static str, &'static str, bool);

const ENTRIES: &[Entry] = &[
    (
        &[".cs"],
        r"\.(?:Migrate|MigrateAsync|MigrateDB)\(\)",
        "Entity Framework",
        true,
    ),
    (
        &[".cs"],
        r"\.EnsureCreated(?:Async)?\(\)",
        "EnsureCreated",
        false,
    ),
    (
        &[".properties"],
        r"(?m)^\s*spring\.(?:sql\.init\.mode|datasource\.initialization-mode)\s*=\s*always",
        "Spring's SQL initialization",
        false,
    ),
    (
        &[".yml", ".yaml", ".properties"],
        r"(?m)^[ \t]*(?:spring\.jpa\.hibernate\.)?ddl-auto[ \t]*[:=][ \t]*(?:create(?:-drop)?|update)\b",
        "Hibernate's `ddl-auto`",
        false,
    ),
    (
        &[".yml", ".yaml", ".env", ".properties"],
        r"(?m)^[ \t]*-?[ \t]*[\x22']?SPRING_JPA_HIBERNATE_DDL_AUTO[\x22']?[ \t]*[:=][ \t]*[\x22']?(?:create(?:-drop)?|update)\b",
        "Hibernate's `ddl-auto`",
        false,
    ),
    (
        &[".ts", ".js"],
        r"\.sync\(\s*\{[^}]*\b(?:alter|force)\b",
        "Sequelize's `sync`",
        false,
    ),
    (
        &[".rs"],
        r"\bmigrate!\([^)]*\)\s*\.run\(|\brun_pending_migrations\(",
        "versioned migrations",
        true,
    ),
    (
        &["compose.yml", "compose.yaml", "entrypoint.sh", "dockerfile"],
        r"(?m)^\s*(?:command:|CMD|ENTRYPOINT|-)?[^\n#]*\b(?:diesel (?:setup|migration run)|alembic upgrade|manage\.py migrate|sequelize(?:-cli)? db:migrate|prisma migrate deploy|db:migrate|artisan migrate|migrate:(?:dev|prod|latest)|migration:run|sqlx migrate run)\b",
        "a command at the start",
        true,
    ),
];

static COMPILED: LazyLock<Vec<(Entry, Regex)>> = LazyLock::new(|| {
    ENTRIES
        .iter()
        .filter_map(|entry| Some((*entry, ascii(entry.1)?)))
        .collect()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    let path = file.path.to_lowercase();
    for ((ends, _, library, versioned), regex) in COMPILED.iter() {
        if !ends.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        for found in regex.find_iter(&file.text) {
            let migration = Migration {
                library,
                versioned: *versioned,
            };
            let text = found.as_str();
            let start = found.start() + text.len() - text.trim_start().len();
            facts.add(migration, start..found.end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, ENTRIES};

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), ENTRIES.len());
    }
}
