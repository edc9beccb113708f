//! Statements on substitutions.

use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

use super::{Limit, in_territory};

// The first part of statements that read substitutions.
statements! { statement: "SELECT id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by FROM substitutions " }

/// A session that another trainer holds.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Substitution {
    pub(crate) id: Uuid,
    #[from_row(with = from_text)]
    pub(crate) session_date: Date,
    pub(crate) original_trainer_id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) substitute_trainer_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) created_by: Uuid,
}

/// Inserts a substitution. Returns `false` if the day has one.
pub(crate) async fn insert(tx: &Transaction, given: &Substitution) -> DataResult<bool> {
    insert_or_ignore!("substitutions (id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by, created_at) VALUES ({given.id}, {given.session_date.to_string()}, {given.original_trainer_id}, {given.student_id}, {given.substitute_trainer_id}, {given.session_id}, {given.created_by}, {Utc::now()})")
        .changes(tx)
        .await
}

/// Returns a substitution, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Substitution>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns the substitution of a trainer and a student on a day.
pub(crate) async fn of_day(
    connection: &dyn Connection,
    original: Uuid,
    student: Uuid,
    date: Date,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM substitutions WHERE session_date = {date.to_string()} AND original_trainer_id = {original} AND student_id = {student}")
        .fetch_optional(connection)
        .await
}

pub(crate) async fn delete(tx: &Transaction, id: Uuid) -> DataResult<()> {
    sql!("DELETE FROM substitutions WHERE id = {id}")
        .apply(tx)
        .await
}

/// Returns a page of substitutions in a territory, the latest day first.
pub(crate) async fn list(
    connection: &dyn Connection,
    limit: &Limit,
    page: CheckedPage,
) -> DataResult<Page<Substitution>> {
    in_territory!(statement, limit, [paged, "WHERE 1 = 1"], "(SELECT s.allocation_id FROM tutoring_sessions s WHERE s.id = substitutions.session_id)", [; "ORDER BY session_date DESC, id", page])
        .fetch(connection)
        .await
}
