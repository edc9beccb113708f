use sqlx::SqliteConnection;

use super::{
    Store,
    row::{Line, id, project},
};
use crate::domain::{Attributes, Filter, Listed, Page, Symbol, SymbolError};

impl Store {
    /// Keeps a new symbol.
    pub(crate) async fn create(
        &self,
        attributes: Attributes,
        data: Vec<u8>,
    ) -> Result<Symbol, SymbolError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let Line(id, attributes) = sqlx::query_as(
            "INSERT INTO symbols (project_id, uid, label, class_name, component_target, version) VALUES (?, ?, ?, ?, ?, ?)
             RETURNING *",
        )
        .bind(project(attributes.project_id))
        .bind(attributes.uid)
        .bind(attributes.label)
        .bind(attributes.class_name)
        .bind(attributes.component_target)
        .bind(attributes.version)
        .fetch_one(&mut *transaction)
        .await?;
        put_data(&mut transaction, id, &data).await?;
        transaction.commit().await?;
        Ok(Symbol {
            id,
            attributes,
            data,
        })
    }

    /// Reads a symbol.
    pub(crate) async fn get(&self, id: u64) -> Result<Symbol, SymbolError> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, id).await
    }

    /// Replaces a symbol; empty data stays as it was.
    pub(crate) async fn update(
        &self,
        symbol: u64,
        attributes: Attributes,
        data: &[u8],
    ) -> Result<Symbol, SymbolError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE symbols
             SET project_id = ?, uid = ?, label = ?, class_name = ?, component_target = ?, version = ?, updated_at = unixepoch('subsec') * 1000
             WHERE id = ? AND deleted_at IS NULL",
        )
        .bind(project(attributes.project_id))
        .bind(attributes.uid)
        .bind(attributes.label)
        .bind(attributes.class_name)
        .bind(attributes.component_target)
        .bind(attributes.version)
        .bind(id(symbol))
        .execute(&mut *transaction)
        .await?;
        // Of no symbol nothing was changed, and nothing is found.
        let mut updated = read(&mut transaction, symbol).await?;
        if !data.is_empty() {
            put_data(&mut transaction, symbol, data).await?;
            updated.data = data.to_vec();
        }
        transaction.commit().await?;
        Ok(updated)
    }

    /// Removes a symbol for everybody who asks; its row stays.
    pub(crate) async fn delete(&self, symbol: u64) -> Result<(), SymbolError> {
        let deleted = sqlx::query(
            "UPDATE symbols SET deleted_at = unixepoch('subsec') * 1000 WHERE id = ? AND deleted_at IS NULL",
        )
        .bind(id(symbol))
        .execute(&self.pool)
        .await?;
        match deleted.rows_affected() {
            0 => Err(SymbolError::NotFound),
            _ => Ok(()),
        }
    }

    /// Lists the symbols of a project. Count and page are of one moment.
    pub(crate) async fn list(
        &self,
        project_id: u64,
        filter: &Filter,
        page: Page,
    ) -> Result<Listed, SymbolError> {
        let mut moment = self.pool.begin().await?;
        let total: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM symbols
             WHERE project_id = ?1 AND deleted_at IS NULL AND (?2 IS NULL OR label = ?2) AND (?3 IS NULL OR component_target = ?3)",
        )
        .bind(project(project_id))
        .bind(&filter.label)
        .bind(&filter.component_target)
        .fetch_one(&mut *moment)
        .await?;
        let lines: Vec<Line> = sqlx::query_as(
            "SELECT * FROM symbols
             WHERE project_id = ?1 AND deleted_at IS NULL AND (?2 IS NULL OR label = ?2) AND (?3 IS NULL OR component_target = ?3)
             ORDER BY id LIMIT ?4 OFFSET ?5",
        )
        .bind(project(project_id))
        .bind(&filter.label)
        .bind(&filter.component_target)
        .bind(page.limit)
        .bind(i64::try_from(page.offset).unwrap_or(i64::MAX))
        .fetch_all(&mut *moment)
        .await?;
        Ok(Listed {
            page,
            symbols: lines
                .into_iter()
                .map(|Line(id, attributes)| (id, attributes))
                .collect(),
            total: total.cast_unsigned(),
        })
    }
}

async fn read(connection: &mut SqliteConnection, symbol: u64) -> Result<Symbol, SymbolError> {
    let found = sqlx::query_as(
        "SELECT * FROM symbols JOIN symbol_data ON symbol_id = id WHERE id = ? AND deleted_at IS NULL",
    );
    Ok(found.bind(id(symbol)).fetch_one(connection).await?)
}

async fn put_data(
    connection: &mut SqliteConnection,
    symbol: u64,
    data: &[u8],
) -> Result<(), SymbolError> {
    sqlx::query("INSERT OR REPLACE INTO symbol_data (symbol_id, data) VALUES (?, ?)")
        .bind(id(symbol))
        .bind(data)
        .execute(connection)
        .await?;
    Ok(())
}
