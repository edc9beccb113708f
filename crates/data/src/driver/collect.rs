use futures::{StreamExt as _, stream::BoxStream};
use sqlx::Either;

use super::Keep;
use crate::{
    DataError, DataErrorKind, Engine, Row,
    connection::{Answer, Done},
};

/// Reads the whole result of a statement.
pub(super) async fn collect<R, Q>(
    engine: Engine,
    mut stream: BoxStream<'_, Result<Either<Q, R>, sqlx::Error>>,
    keep: Keep,
    row: fn(R) -> Row,
    done: fn(Q) -> Done,
) -> Result<Answer, DataError> {
    let mut answer = Answer::default();
    let (Keep::First(most) | Keep::UpTo(most)) = keep;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    while let Some(part) = stream.next().await {
        match part.map_err(|error| DataError::of_engine(engine, error))? {
            Either::Left(result) => {
                let done = done(result);
                answer.done.rows_affected += done.rows_affected;
                answer.done.last_insert_id = done.last_insert_id;
            }
            Either::Right(next) if answer.rows.len() < most => answer.rows.push(row(next)),
            Either::Right(_) => {
                if let Keep::UpTo(most) = keep {
                    let limit = format!("{most} are allowed");
                    return Err(DataError::new(DataErrorKind::TooManyRows, limit));
                }
            }
        }
    }
    Ok(answer)
}
