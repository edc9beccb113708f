use seaworthy::data::{
    Connection, DataError, Database, Engine, Isolation, Transaction, TransactionOptions,
    chrono::{DateTime, Utc},
    sql,
};

use super::{
    error::duplicate,
    row::{Line, id, project},
};
use crate::{
    domain::{Attributes, Filter, Listed, Page, Symbol, SymbolError},
    events::Events,
};

/// Returns the statement that reads the symbols of a project. Each combination of filters has a
/// statement of its own, because a condition that is always true prevents the use of an index.
macro_rules! matching {
    ($select:literal, $project:expr, $filter:expr, $end:literal) => {{
        let Filter {
            label,
            component_target,
        } = $filter;
        let statement = matching!(@ $select, label, component_target, $end);
        let filters = [label, component_target].into_iter().flatten();
        filters.fold(statement.bind(project($project)), |statement, value| statement.bind(value))
    }};
    (@ $select:literal, $label:ident, $target:ident, $end:literal) => {
        match ($label, $target) {
            (None, None) => matching!(@ $select, "", $end),
            (Some(_), None) => matching!(@ $select, " AND label = ?", $end),
            (None, Some(_)) => matching!(@ $select, " AND component_target = ?", $end),
            (Some(_), Some(_)) => {
                matching!(@ $select, " AND label = ? AND component_target = ?", $end)
            }
        }
    };
    (@ $select:literal, $filters:literal, $end:literal) => {
        sql(concat!($select, " FROM symbols WHERE project_id = ? AND live = 1", $filters, $end))
    };
}

/// Symbols in a database. A change and its event are stored in one transaction (MSG-4).
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    events: Events,
}

impl Store {
    pub(crate) fn new(database: Database, events: Events) -> Self {
        Self { database, events }
    }

    /// Stores a new symbol.
    pub(crate) async fn create(
        &self,
        attributes: Attributes,
        data: Vec<u8>,
    ) -> Result<Symbol, SymbolError> {
        let (attributes, data) = (&attributes, &data);
        let id = self
            .database
            .transaction(|tx| async move {
                let now = Utc::now();
                let id = insert(&tx, attributes, now).await?;
                sql("INSERT INTO symbol_data (symbol_id, data) VALUES (?, ?)")
                    .bind(id)
                    .bind(data.as_slice())
                    .execute(&tx)
                    .await?;
                let id = id.cast_unsigned();
                self.events.created(&tx, id, attributes, now).await?;
                Ok::<_, SymbolError>(id)
            })
            .await?;
        Ok(Symbol {
            id,
            attributes: attributes.clone(),
            data: data.clone(),
        })
    }

    /// Reads a symbol.
    pub(crate) async fn get(&self, id: u64) -> Result<Symbol, SymbolError> {
        read(&self.database, id).await
    }

    /// Replaces a symbol. Empty `data` keeps the stored data.
    pub(crate) async fn update(
        &self,
        symbol: u64,
        attributes: Attributes,
        data: &[u8],
    ) -> Result<Symbol, SymbolError> {
        let attributes = &attributes;
        self.database
            .transaction(|tx| async move {
                let now = Utc::now();
                sql("UPDATE symbols
                     SET project_id = ?, uid = ?, label = ?, class_name = ?, component_target = ?, version = ?, updated_at = ?
                     WHERE id = ? AND live = 1")
                .bind(project(attributes.project_id))
                .bind(&attributes.uid)
                .bind(&attributes.label)
                .bind(&attributes.class_name)
                .bind(&attributes.component_target)
                .bind(attributes.version)
                .bind(now)
                .bind(id(symbol))
                .execute(&tx)
                .await
                .map_err(duplicate)?;
                if !data.is_empty() {
                    sql("UPDATE symbol_data SET data = ? WHERE symbol_id = ?")
                        .bind(data)
                        .bind(id(symbol))
                        .execute(&tx)
                        .await?;
                }
                // If the symbol does not exist, the update is a no-op and the read returns
                // NotFound.
                let updated = read(&tx, symbol).await?;
                self.events
                    .updated(&tx, symbol, &updated.attributes, now)
                    .await?;
                Ok(updated)
            })
            .await
    }

    /// Marks a symbol as deleted. Its row stays.
    pub(crate) async fn delete(&self, symbol: u64) -> Result<(), SymbolError> {
        self.database
            .transaction(|tx| async move {
                let now = Utc::now();
                let deleted =
                    sql("UPDATE symbols SET live = NULL, deleted_at = ? WHERE id = ? AND live = 1")
                        .bind(now)
                        .bind(id(symbol))
                        .execute(&tx)
                        .await?;
                if deleted.rows_affected() == 0 {
                    return Err(SymbolError::NotFound);
                }
                // The update locked the row, so these are its last values.
                let last: Attributes = sql("SELECT project_id, uid, label, class_name, component_target, version FROM symbols WHERE id = ?")
                    .bind(id(symbol))
                    .fetch_one(&tx)
                    .await?;
                self.events.deleted(&tx, symbol, &last, now).await?;
                Ok(())
            })
            .await
    }

    /// Lists symbols of a project. One snapshot gives the total and the page.
    pub(crate) async fn list(
        &self,
        project_id: u64,
        filter: &Filter,
        page: Page,
    ) -> Result<Listed, SymbolError> {
        let snapshot = TransactionOptions::new()
            .isolation(Isolation::RepeatableRead)
            .read_only();
        let (total, lines) = self
            .database
            .transaction_with(snapshot, |tx| async move {
                let count = matching!("SELECT count(*)", project_id, filter, "");
                let (total,): (u64,) = count.fetch_one(&tx).await?;
                let lines: Vec<Line> = matching!(
                    "SELECT id, project_id, uid, label, class_name, component_target, version",
                    project_id,
                    filter,
                    " ORDER BY id LIMIT ? OFFSET ?"
                )
                .bind(page.limit)
                .bind(i64::try_from(page.offset).unwrap_or(i64::MAX))
                .fetch_all(&tx)
                .await?;
                Ok::<_, DataError>((total, lines))
            })
            .await?;
        Ok(Listed {
            page,
            symbols: lines
                .into_iter()
                .map(|Line(id, attributes)| (id, attributes))
                .collect(),
            total,
        })
    }
}

/// Inserts the row of a new symbol and returns its ID.
async fn insert(
    tx: &Transaction,
    attributes: &Attributes,
    now: DateTime<Utc>,
) -> Result<i64, SymbolError> {
    let insert = sql("INSERT INTO symbols (project_id, uid, label, class_name, component_target, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .on_postgres("INSERT INTO symbols (project_id, uid, label, class_name, component_target, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id")
        .bind(project(attributes.project_id))
        .bind(&attributes.uid)
        .bind(&attributes.label)
        .bind(&attributes.class_name)
        .bind(&attributes.component_target)
        .bind(attributes.version)
        .bind(now)
        .bind(now);
    if tx.engine() == Engine::Postgres {
        let (id,) = insert.fetch_one(tx).await.map_err(duplicate)?;
        return Ok(id);
    }
    let result = insert.execute(tx).await.map_err(duplicate)?;
    // SQLite and MariaDB return the ID.
    Ok(result.last_insert_id().unwrap_or_default())
}

async fn read(connection: &dyn Connection, symbol: u64) -> Result<Symbol, SymbolError> {
    let found = sql(
        "SELECT id, project_id, uid, label, class_name, component_target, version, data
         FROM symbols JOIN symbol_data ON symbol_id = id
         WHERE id = ? AND live = 1",
    )
    .bind(id(symbol))
    .fetch_optional(connection)
    .await?;
    found.ok_or(SymbolError::NotFound)
}
