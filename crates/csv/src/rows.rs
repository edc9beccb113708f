use std::future::Future;

use seaworthy_data::Transaction;
use serde::de::DeserializeOwned;

use crate::{Column, CsvImport, Row, RowProblem, StoreRowsError};

/// The rows that an import of your service reads, checks and stores.
pub trait ImportRows: Send + Sync + 'static {
    /// The type of a row. Its fields have the names of the columns.
    type Row: DeserializeOwned + Send + Sync + 'static;

    /// The name of this kind of import. Imports of one database have different kinds. Do not change
    /// it while imports run.
    const KIND: &'static str;

    /// The columns of a file.
    const COLUMNS: &'static [Column];

    /// Whether [`undo`](Self::undo) removes the rows of an import.
    const CAN_UNDO: bool = false;

    /// Checks a row. The default does not find problems.
    fn check(&self, import: &CsvImport, row: &Self::Row) -> Vec<RowProblem> {
        let _ = (import, row);
        Vec::new()
    }

    /// Stores rows in a transaction, which also moves the position of the import. Every row is
    /// therefore stored once, also after a crash. Use one statement with
    /// [`bind_rows`](seaworthy_data::Statement::bind_rows) for all rows.
    ///
    /// If a row is rejected, the import calls this function again with parts of the rows until it
    /// has found the row.
    fn store(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        rows: &[Row<Self::Row>],
    ) -> impl Future<Output = Result<(), StoreRowsError>> + Send;

    /// Removes up to `max_rows` rows of an import and returns their number. The import calls it
    /// until it returns 0. The default removes nothing.
    fn undo(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        max_rows: u32,
    ) -> impl Future<Output = Result<u64, StoreRowsError>> + Send {
        let _ = (tx, import, max_rows);
        std::future::ready(Ok(0))
    }
}
