//! Statements on the territories that determine which administrators see a student.

use seaworthy::data::prelude::*;
use tutoring_contract::Territory;
use tutoring_identity::territory;

/// A row with a territory.
#[derive(FromRow)]
struct Placed {
    #[from_row(with = territory)]
    territory: Territory,
}

/// Stores the place of the sessions of a student. Ignores an older event.
pub(crate) async fn store(
    tx: &Transaction,
    student: Uuid,
    place: &Territory,
    at: DateTime<Utc>,
) -> DataResult<()> {
    insert_or_ignore!("student_territories (student_id, allocated_at) VALUES ({student}, {at})")
        .execute(tx)
        .await?;
    sql!("UPDATE student_territories SET state = {place.state.as_deref()}, district = {place.district.as_deref()}, zone = {place.zone.as_deref()}, locality = {place.locality.as_deref()}, allocated_at = {at} WHERE student_id = {student} AND allocated_at <= {at}")
        .apply(tx)
        .await
}

/// Returns the place of a student. Returns `None` for a student without an allocation.
pub(crate) async fn of(
    connection: &dyn Connection,
    student: Uuid,
) -> DataResult<Option<Territory>> {
    let found: Option<Placed> = sql!("SELECT state, district, zone, locality FROM student_territories WHERE student_id = {student}")
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|placed| placed.territory))
}
