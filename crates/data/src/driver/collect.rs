use futures::{StreamExt as _, stream::BoxStream};
use sqlx::Either;

use super::RowLimit;
use crate::{
    DataError, DataErrorKind, Engine, Row,
    connection::{StatementOutput, StatementResult},
};

/// Reads the whole result of a statement.
pub(super) async fn collect<R, Q>(
    engine: Engine,
    mut stream: BoxStream<'_, Result<Either<Q, R>, sqlx::Error>>,
    limit: RowLimit,
    row: fn(R) -> Row,
    done: fn(Q) -> StatementResult,
) -> Result<StatementOutput, DataError> {
    let mut output = StatementOutput::default();
    let (RowLimit::First(rows) | RowLimit::UpTo(rows)) = limit;
    let max_rows = usize::try_from(rows).unwrap_or(usize::MAX);
    while let Some(part) = stream.next().await {
        match part.map_err(|error| DataError::of_engine(engine, error))? {
            Either::Left(result) => {
                let done = done(result);
                output.done.rows_affected += done.rows_affected;
                output.done.last_insert_id = done.last_insert_id;
            }
            Either::Right(next) if output.rows.len() < max_rows => output.rows.push(row(next)),
            Either::Right(_) => {
                if let RowLimit::UpTo(max_rows) = limit {
                    let detail = format!("max_rows is {max_rows}");
                    return Err(DataError::new(DataErrorKind::TooManyRows, detail));
                }
            }
        }
    }
    Ok(output)
}
