//! The first pass: checks all rows.

use std::time::Instant;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    CsvImport, FileError, ImportMode, ImportRows, ImportStatus, Imports,
    pass::{Pass, StepError},
    store::Progress,
};

/// Number of rows of a check between two writes of its progress.
const CHECKED_ROWS: u32 = 20_000;

impl<R: ImportRows> Imports<R> {
    /// Checks rows, and stores the bad ones in the report.
    pub(crate) async fn check(
        &self,
        import: &CsvImport,
        claim: Uuid,
        until: Instant,
    ) -> Result<(), StepError> {
        let inner = &*self.0;
        let max_bad = inner.config.file.max_bad_rows.get();
        let mut pass = Pass::open::<R>(&inner.database, import, &inner.config.file).await?;
        let mut progress = Progress::of(import, claim);
        loop {
            let mut bad = Vec::new();
            let mut has_ended = false;
            for _ in 0..CHECKED_ROWS {
                match pass.next_checked(&inner.rows, import).await? {
                    None => {
                        has_ended = true;
                        break;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(problems)) => {
                        bad.push((pass.reader.rows(), problems));
                        if progress.rows_bad + bad.len() as u64 > u64::from(max_bad) {
                            return Err(FileError::TooManyBadRows(max_bad).into());
                        }
                    }
                }
            }
            progress.advance(&pass, bad.len());
            progress.rows_checked = progress.rows_read;
            if has_ended {
                progress.end_check(import);
            }
            self.save(&progress, &bad).await?;
            inner.metrics.rows_bad.add(bad.len() as u64);
            if progress.to == ImportStatus::Failed {
                inner.metrics.failed.add(1);
            }
            if has_ended || Instant::now() > until {
                return Ok(());
            }
        }
    }
}

impl Progress {
    /// Moves to the position of a pass.
    pub(crate) fn advance<T: DeserializeOwned>(&mut self, pass: &Pass<'_, T>, bad: usize) {
        let at = pass.reader.position();
        (self.position, self.line) = (at.bytes, at.line);
        self.rows_read = pass.reader.rows();
        self.rows_bad += bad as u64;
    }

    /// Selects the status after the check.
    fn end_check(&mut self, import: &CsvImport) {
        let failure = match (self.rows_checked, self.rows_bad, import.mode) {
            (0, ..) => Some(("NO_ROWS", "the file has no rows below the header")),
            (rows, bad, _) if rows == bad => {
                Some(("BAD_ROWS", "no row can be imported: correct the file"))
            }
            (_, 1.., ImportMode::AllOrNothing) => {
                Some(("BAD_ROWS", "some rows cannot be imported: correct the file"))
            }
            _ => None,
        };
        if let Some((reason, text)) = failure {
            *self = self.clone().fail(reason, text);
        } else if import.dry_run {
            self.to = ImportStatus::Checked;
        } else {
            self.to = ImportStatus::Storing;
            (self.position, self.line, self.rows_read) = (0, 1, 0);
        }
    }
}
