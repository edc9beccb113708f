//! The second pass: stores the rows.

use std::{collections::HashSet, time::Instant};

use seaworthy_data::Transaction;
use uuid::Uuid;

use crate::{
    BadRow, CsvImport, FileError, ImportRows, ImportStatus, Imports, Row,
    pass::{Pass, StepError},
    store::{self, Progress},
};

/// Problems of rows, each with the number of the row in the file.
pub(crate) type BadRows = Vec<(u64, Vec<BadRow>)>;

impl<R: ImportRows> Imports<R> {
    /// Stores good rows in batches.
    pub(crate) async fn store_batches(
        &self,
        import: &CsvImport,
        claim: Uuid,
        until: Instant,
    ) -> Result<(), StepError> {
        let inner = &*self.0;
        let database = &inner.database;
        let known = store::bad_numbers(database, import.id).await?;
        let known: HashSet<u64> = known.into_iter().collect();
        let max_bad = inner.config.file.max_bad_rows.get();
        let mut pass = Pass::open::<R>(database, import, &inner.config.file).await?;
        let mut progress = Progress::of(import, claim);
        loop {
            let batch = self.read_batch(&mut pass, import, &known).await?;
            progress.advance(&pass, batch.bad.len());
            if progress.rows_bad > u64::from(max_bad) {
                return Err(FileError::TooManyBadRows(max_bad).into());
            }
            progress.rows_stored += batch.rows.len() as u64;
            if batch.is_last {
                progress.to = ImportStatus::Done;
            }
            let (ready, rows) = (&progress, &batch);
            let stored = database
                .transaction(|tx| async move {
                    // Write the row of the import first: without the claim, the worker stops here.
                    self.write(&tx, ready, &rows.bad).await?;
                    if !rows.rows.is_empty() {
                        inner.rows.store(&tx, import, &rows.rows).await?;
                    }
                    Ok::<_, StepError>(())
                })
                .await;
            let rejected = match stored {
                Err(StepError::Store(error)) if error.rejection().is_some() => {
                    let work = |tx| self.store_good(tx, import, rows, ready, &known);
                    database.transaction(work).await?
                }
                stored => {
                    stored?;
                    Rejected::default()
                }
            };
            progress.rows_stored -= rejected.rows;
            progress.rows_bad += rejected.unknown;
            let metrics = &inner.metrics;
            metrics
                .rows_stored
                .add(batch.rows.len() as u64 - rejected.rows);
            metrics
                .rows_bad
                .add(rejected.unknown + batch.bad.len() as u64);
            if batch.is_last {
                inner.metrics.done.add(1);
            }
            if batch.is_last || Instant::now() > until {
                return Ok(());
            }
        }
    }

    /// Stores a batch without the rows that are rejected.
    async fn store_good(
        &self,
        tx: Transaction,
        import: &CsvImport,
        batch: &Batch<R::Row>,
        progress: &Progress,
        known: &HashSet<u64>,
    ) -> Result<Rejected, StepError> {
        let mut bad = self.store_parts(&tx, import, batch).await?;
        let rows = bad.len() as u64;
        bad.retain(|(number, _)| !known.contains(number));
        let unknown = bad.len() as u64;
        let mut progress = progress.clone();
        progress.rows_stored -= rows;
        progress.rows_bad += unknown;
        let max_bad = self.0.config.file.max_bad_rows.get();
        if progress.rows_bad > u64::from(max_bad) {
            return Err(FileError::TooManyBadRows(max_bad).into());
        }
        bad.extend_from_slice(&batch.bad);
        self.write(&tx, &progress, &bad).await?;
        Ok(Rejected { rows, unknown })
    }

    /// Divides the rows in halves until it has found each rejected row, and stores the others.
    async fn store_parts(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        batch: &Batch<R::Row>,
    ) -> Result<BadRows, StepError> {
        let mut rejected = Vec::new();
        let mut parts = vec![(0, batch.rows.len())];
        while let Some((start, end)) = parts.pop() {
            let rows = batch.rows.get(start..end).unwrap_or_default();
            let [first, ..] = rows else {
                continue;
            };
            let stored = tx
                .transaction(|tx| async move { self.0.rows.store(&tx, import, rows).await })
                .await;
            let Err(error) = stored else {
                continue;
            };
            let Some((column, message)) = error.rejection() else {
                return Err(error.into());
            };
            if rows.len() > 1 {
                let middle = start + rows.len() / 2;
                parts.push((middle, end));
                parts.push((start, middle));
                continue;
            }
            let bad = BadRow {
                line: first.line,
                column: column.map(str::to_owned),
                value: None,
                message,
            };
            let number = batch.numbers.get(start).copied().unwrap_or_default();
            rejected.push((number, vec![bad]));
        }
        Ok(rejected)
    }

    /// Stores all rows in one transaction.
    pub(crate) async fn store_all(&self, import: &CsvImport, claim: Uuid) -> Result<(), StepError> {
        let inner = &*self.0;
        let from_start = CsvImport {
            position: 0,
            ..import.clone()
        };
        let import = &from_start;
        let count = inner
            .database
            .transaction(|tx| async move {
                let mut pass = Pass::open::<R>(&tx, import, &inner.config.file).await?;
                let mut progress = Progress::of(import, claim);
                let none = HashSet::new();
                loop {
                    let mut batch = self.read_batch(&mut pass, import, &none).await?;
                    let mut bad = std::mem::take(&mut batch.bad);
                    bad.extend(self.store_parts(&tx, import, &batch).await?);
                    if !bad.is_empty() {
                        return Err(StepError::Rejected(bad));
                    }
                    progress.rows_stored += batch.rows.len() as u64;
                    if batch.is_last {
                        progress.advance(&pass, 0);
                        progress.to = ImportStatus::Done;
                        self.write(&tx, &progress, &[]).await?;
                        return Ok(progress.rows_stored);
                    }
                }
            })
            .await?;
        inner.metrics.rows_stored.add(count);
        inner.metrics.done.add(1);
        Ok(())
    }

    async fn read_batch(
        &self,
        pass: &mut Pass<'_, R::Row>,
        import: &CsvImport,
        known: &HashSet<u64>,
    ) -> Result<Batch<R::Row>, StepError> {
        let size = self.0.config.batch_size.get() as usize;
        let mut batch = Batch {
            rows: Vec::with_capacity(size),
            numbers: Vec::with_capacity(size),
            bad: Vec::new(),
            is_last: false,
        };
        for _ in 0..size {
            let Some(row) = pass.next_checked(&self.0.rows, import).await? else {
                batch.is_last = true;
                break;
            };
            let number = pass.reader.rows();
            match row {
                Ok(row) => {
                    batch.rows.push(row);
                    batch.numbers.push(number);
                }
                // The row has become bad since the check.
                Err(problems) if !known.contains(&number) => batch.bad.push((number, problems)),
                Err(_) => {}
            }
        }
        Ok(batch)
    }
}

/// The numbers of rows that the database rejected.
#[derive(Clone, Copy, Default)]
struct Rejected {
    rows: u64,
    /// The number of rejected rows that the check did not report.
    unknown: u64,
}

/// Rows of one transaction.
struct Batch<T> {
    rows: Vec<Row<T>>,
    /// The number of each row in the file.
    numbers: Vec<u64>,
    /// Rows that the check did not report.
    bad: BadRows,
    is_last: bool,
}
