use std::collections::BTreeMap;

use super::{
    super::history::{Session, value},
    definition::{Adoption, AdoptionCheck},
};
use crate::{DataError, Engine};

/// The number of rows that the report of a check names.
const MAX_REPORTED_ROWS: usize = 20;

/// Returns the differences between the declared tables and those of the database.
pub(super) async fn differences(
    session: &mut Session<'_>,
    adoption: &Adoption,
) -> Result<Vec<String>, DataError> {
    let found = columns(session, adoption).await?;
    let mut problems = Vec::new();
    for table in adoption.tables {
        let Some(found) = found.get(table.name) else {
            problems.push(format!("the table {} is missing", table.name));
            continue;
        };
        let declared: BTreeMap<&str, &str> = table
            .columns
            .iter()
            .map(|column| column.split_once(' ').unwrap_or((column, "")))
            .collect();
        for (name, kind) in &declared {
            match found.get(*name) {
                None => problems.push(format!("the column {}.{name} is missing", table.name)),
                Some(found) if found != kind => problems.push(format!(
                    "the column {}.{name} is {found:?} instead of {kind:?}",
                    table.name
                )),
                Some(_) => {}
            }
        }
        for name in found.keys() {
            if !declared.contains_key(name.as_str()) {
                problems.push(format!("the column {}.{name} is unknown", table.name));
            }
        }
    }
    Ok(problems)
}

/// Returns the types of the columns, by table and column.
async fn columns(
    session: &mut Session<'_>,
    adoption: &Adoption,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, DataError> {
    let names: Vec<String> = adoption
        .tables
        .iter()
        .map(|table| format!("'{}'", table.name))
        .collect();
    let names = names.join(", ");
    let text = match session.engine() {
        Engine::Postgres => format!(
            "SELECT CAST(c.relname AS text), CAST(a.attname AS text), format_type(a.atttypid, a.atttypmod), a.attnotnull
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname IN ({names})"
        ),
        Engine::MySql => format!(
            "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), is_nullable = 'NO'
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ({names})"
        ),
        Engine::Sqlite => format!(
            "SELECT t.name, c.name, c.type, c.\"notnull\" FROM sqlite_master t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name IN ({names})"
        ),
    };
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in session.query(&text, &[]).await? {
        let (table, column, kind): (String, String, String) =
            (row.get_at(0)?, row.get_at(1)?, row.get_at(2)?);
        let mut kind = without_display_width(&kind.to_lowercase());
        if row.get_at(3)? {
            kind.push_str(" not null");
        }
        all.entry(table).or_default().insert(column, kind);
    }
    Ok(all)
}

/// Removes the display width of an integer, which MariaDB prints and MySQL does not.
fn without_display_width(kind: &str) -> String {
    match kind.split_once('(').zip(kind.split_once(')')) {
        Some(((name, _), (_, rest))) if name.ends_with("int") => format!("{name}{rest}"),
        _ => kind.to_owned(),
    }
}

/// Returns the problems that the checks find. `prefix` precedes the names of legacy tables.
pub(super) async fn failed(
    session: &mut Session<'_>,
    checks: &[AdoptionCheck],
    prefix: &str,
) -> Result<Vec<String>, DataError> {
    let mut problems = Vec::new();
    for check in checks {
        let rows = check.rows.replace("{legacy}", prefix);
        let kind = match session.engine() {
            Engine::Postgres | Engine::Sqlite => "text",
            Engine::MySql => "CHAR",
        };
        let count = format!("SELECT count(*) FROM ({rows}) AS refused");
        let count: i64 = value(session, &count).await?;
        if count == 0 {
            continue;
        }
        let named = format!(
            "WITH refused (id) AS ({rows}) SELECT CAST(id AS {kind}) FROM refused ORDER BY refused.id LIMIT {MAX_REPORTED_ROWS}"
        );
        let rows = session.query(&named, &[]).await?;
        let ids: Result<Vec<String>, DataError> = rows.iter().map(|row| row.get_at(0)).collect();
        let more = if usize::try_from(count).unwrap_or(usize::MAX) > rows.len() {
            ", …"
        } else {
            ""
        };
        problems.push(format!(
            "{} in {count} rows: {}{more}",
            check.problem,
            ids?.join(", ")
        ));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::without_display_width;

    #[test]
    fn display_width_of_integers_does_not_count() {
        assert_eq!(
            without_display_width("bigint(20) unsigned"),
            "bigint unsigned"
        );
        assert_eq!(without_display_width("datetime(3)"), "datetime(3)");
        assert_eq!(without_display_width("varchar(255)"), "varchar(255)");
    }
}
