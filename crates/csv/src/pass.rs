use seaworthy_data::Connection;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    CsvImport, CsvReader, CsvReaderConfig, Delimiter, FileError, ImportRows, ParsedRow,
    StoreRowsError,
    batches::BadRows,
    parser::Position,
    store::{self, PIECE_SIZE},
};

/// Errors that end a step of an import before its last row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// The import was canceled, or another worker has claimed it.
    #[error("the import was canceled or claimed by another worker")]
    ClaimLost,
    /// The file cannot be imported.
    #[error(transparent)]
    File(#[from] FileError),
    /// An import that uses one transaction has bad rows.
    #[error("rows were rejected")]
    Rejected(BadRows),
    #[error(transparent)]
    Data(#[from] seaworthy_data::DataError),
    #[error(transparent)]
    Store(#[from] StoreRowsError),
}

/// One pass over the rows of a stored file. It begins at the position of its import.
pub(crate) struct Pass<'c, T> {
    connection: &'c dyn Connection,
    id: Uuid,
    /// The number of the next piece.
    number: u64,
    is_finished: bool,
    pub(crate) reader: CsvReader<T>,
}

impl<'c, T: DeserializeOwned> Pass<'c, T> {
    pub(crate) async fn open<R: ImportRows<Row = T>>(
        connection: &'c dyn Connection,
        import: &CsvImport,
        config: &CsvReaderConfig,
    ) -> Result<Self, StepError> {
        let delimiter = Delimiter::parse(&import.state.delimiter).unwrap_or_default();
        let mut pass = Self {
            connection,
            id: import.id,
            number: 0,
            is_finished: false,
            reader: CsvReader::new(R::COLUMNS, config, delimiter),
        };
        while !pass.reader.read_header()? {
            pass.read_piece(0).await?;
        }
        if import.position > 0 {
            let at = Position {
                bytes: import.position,
                line: import.state.line,
            };
            pass.reader.seek(at, import.state.rows_read);
            pass.number = import.position / PIECE_SIZE;
            pass.is_finished = false;
            let skipped = usize::try_from(import.position % PIECE_SIZE).unwrap_or_default();
            pass.read_piece(skipped).await?;
        }
        Ok(pass)
    }

    /// Adds the next piece to the reader.
    async fn read_piece(&mut self, skipped: usize) -> Result<(), StepError> {
        match store::piece(self.connection, self.id, self.number).await? {
            Some(piece) => self.reader.push(piece.get(skipped..).unwrap_or_default()),
            None => {
                self.reader.finish();
                self.is_finished = true;
            }
        }
        self.number += 1;
        Ok(())
    }

    /// Returns the next row, or `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<ParsedRow<T>>, StepError> {
        loop {
            if let Some(row) = self.reader.next_row()? {
                return Ok(Some(row));
            }
            if self.is_finished {
                return Ok(None);
            }
            self.read_piece(0).await?;
        }
    }

    /// Returns the next row after the checks of the service.
    pub(crate) async fn next_checked<R: ImportRows<Row = T>>(
        &mut self,
        rows: &R,
        import: &CsvImport,
    ) -> Result<Option<ParsedRow<T>>, StepError> {
        let Some(row) = self.next().await? else {
            return Ok(None);
        };
        Ok(Some(row.and_then(
            |row| match rows.check(import, &row.value) {
                problems if problems.is_empty() => Ok(row),
                problems => Err(self.reader.describe(row.line, problems)),
            },
        )))
    }
}
