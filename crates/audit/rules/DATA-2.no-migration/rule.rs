//! No migration creates the tables of a service.

use crate::model::Model;
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-2.no-migration",
        title: "No migration creates the tables of a service",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "Python: the folder of Alembic has an `env.py` and no version. SQL: a file creates tables, and no file of its folder or of the folder above names a tool for migrations, a start script of a database or a schema that the code creates. The finding has low confidence, because an operator may create the tables.",
        why: "A new environment has no tables, and no record shows which changes a database already has.",
        fix: &[(
            "any",
            "Commit a migration for each change, and run it in a separate step before the deployment.",
        )],
        references: &["https://alembic.sqlalchemy.org/en/latest/tutorial.html"],
    },
    check: Check::Repository(check),
};

/// Words of files that run SQL files or create tables, in lower case.
const TOOLS: &[&str] = &[
    "migrat",
    "flyway",
    "liquibase",
    "goose",
    "alembic",
    "knex",
    "initdb.d",
    "sqlc",
    "synchronize: true",
    "ddl-auto",
    "create_all",
    "psql",
    "mysql <",
    "schema.sql",
    "init.sql",
    "spring.sql",
];
/// Parts of the paths of SQL files that a tool or a database reads.
const READ: &[&str] = &[
    "migrat",
    "init",
    "resources/",
    "seed",
    "test",
    "flyway",
    "schema",
    "dump",
    "sqlc",
    "query",
    "queries",
    "docker",
];

fn folder_above(path: &str) -> &str {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.rsplit_once('/').map_or("", |(above, _)| above)
}

/// An `env.py` of Alembic without a version beside it.
fn is_empty_alembic(model: &Model, path: &str, text: &str) -> bool {
    let Some(folder) = path.strip_suffix("env.py") else {
        return false;
    };
    let versions = format!("{folder}versions/");
    text.contains("alembic")
        && text.contains("target_metadata")
        && !model
            .paths
            .range(versions.clone()..)
            .take_while(|own| own.starts_with(&versions))
            .any(|own| own.ends_with(".py") && !own.ends_with("__init__.py"))
}

/// A file that creates tables and that no tool reads.
fn is_by_hand(model: &Model, path: &str, text: &str) -> bool {
    let lower = path.to_lowercase();
    if !lower.ends_with(".sql")
        || READ.iter().any(|part| lower.contains(part))
        || !text.to_lowercase().contains("create table")
    {
        return false;
    }
    let above = folder_above(path);
    let start = if above.is_empty() {
        String::new()
    } else {
        format!("{above}/")
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    !model
        .files
        .values()
        .filter(|found| found.file.path.starts_with(&start) && !found.file.path.ends_with(".sql"))
        .any(|found| {
            let text = found.file.text.to_lowercase();
            text.contains(&name.to_lowercase()) || TOOLS.iter().any(|word| text.contains(word))
        })
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut migrations = 0_usize;
    for found in model
        .files
        .values()
        .filter(|found| found.file.role == Role::Production)
    {
        let (path, text) = (&*found.file.path, &*found.file.text);
        let (word, evidence) = if is_empty_alembic(model, path, text) {
            (
                "target_metadata",
                "the folder of Alembic contains no version, so no migration creates the tables",
            )
        } else if is_by_hand(model, path, text) {
            (
                "TABLE",
                "no tool runs the file, so its tables are created by hand",
            )
        } else {
            migrations += usize::from(path.contains("migrations/") || path.contains("versions/"));
            continue;
        };
        let at = text
            .find(word)
            .or_else(|| text.find(&word.to_lowercase()))
            .unwrap_or_default();
        let at = found.file.location(at..at + word.len(), None);
        outcomes.push(Breach::review(at, evidence.to_owned()).into());
    }
    if outcomes.is_empty() && migrations > 0 {
        outcomes.push(Outcome::passed(
            format!("migrations create the tables ({migrations} files)"),
            None,
        ));
    }
    outcomes
}
