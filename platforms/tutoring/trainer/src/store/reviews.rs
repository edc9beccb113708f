//! Statements on the ratings of trainers.

use seaworthy::data::prelude::*;

/// A rating has this many steps of 0.5 for each point.
const HALVES: f64 = 2.0;
/// Ratings are rounded to one decimal.
const TENTHS: f64 = 10.0;

/// Stores the rating of a session. A repeated message is a no-op.
pub(crate) async fn store(
    tx: &Transaction,
    session: Uuid,
    trainer: Uuid,
    halves: u16,
) -> DataResult<()> {
    sql!("DELETE FROM trainer_reviews WHERE session_id = {session}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO trainer_reviews (session_id, trainer_id, rating_halves) VALUES ({session}, {trainer}, {halves})")
        .apply(tx)
        .await
}

/// Returns the mean rating of a trainer, rounded to one decimal, and the number of ratings.
pub(crate) async fn mean(
    connection: &dyn Connection,
    trainer: Uuid,
) -> DataResult<Option<(f64, u32)>> {
    let counts: Vec<(u16, u32)> = sql!("SELECT rating_halves, COUNT(*) FROM trainer_reviews WHERE trainer_id = {trainer} GROUP BY rating_halves")
        .fetch_all(connection)
        .await?;
    Ok(rounded_mean(&counts))
}

/// Returns the mean of halves with their numbers.
fn rounded_mean(counts: &[(u16, u32)]) -> Option<(f64, u32)> {
    let number: u32 = counts.iter().map(|(_, count)| count).sum();
    let halves = counts.iter();
    let halves: f64 = halves
        .map(|(halves, count)| f64::from(*halves) * f64::from(*count))
        .sum();
    let mean = halves / HALVES / f64::from(number);
    (number > 0).then(|| ((mean * TENTHS).round() / TENTHS, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_is_rounded_to_one_decimal_api_1() {
        assert_eq!(rounded_mean(&[]), None);
        assert_eq!(rounded_mean(&[(9, 1)]), Some((4.5, 1)));
        assert_eq!(rounded_mean(&[(10, 2), (8, 1)]), Some((4.7, 3)));
    }
}
