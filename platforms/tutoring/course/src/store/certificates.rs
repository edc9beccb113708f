//! Statements on issued certificates and the names of students.

use seaworthy::data::prelude::*;

/// A certificate with the names that it certifies.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Certificate {
    #[from_row(column = "certificate_number")]
    pub(crate) number: String,
    /// `None` until the student has set a name in the profile.
    #[from_row(with = name)]
    pub(crate) student_name: Option<String>,
    pub(crate) title: String,
    pub(crate) issued_at: DateTime<Utc>,
}

/// Reads the name of a student, which may be unknown.
fn name(row: &Row, _: &str) -> DataResult<Option<String>> {
    let name: Option<String> = row.get("full_name")?;
    Ok(name.filter(|name| !name.is_empty()))
}

pub(crate) async fn by_number(
    connection: &dyn Connection,
    number: &str,
) -> DataResult<Option<Certificate>> {
    sql!("SELECT c.certificate_number, c.issued_at, k.title, n.full_name FROM certificates c JOIN courses k ON k.id = c.course_id LEFT JOIN student_names n ON n.student_id = c.student_id WHERE c.certificate_number = {number}")
        .fetch_optional(connection)
        .await
}

/// Returns the number of the certificate of a purchase.
pub(crate) async fn number_of(
    connection: &dyn Connection,
    purchase: Uuid,
) -> DataResult<Option<String>> {
    sql!("SELECT certificate_number FROM certificates WHERE purchase_id = {purchase}")
        .fetch_optional(connection)
        .await
}

/// Stores the name of a student. An older version is a no-op.
pub(crate) async fn store_name(
    tx: &Transaction,
    student: Uuid,
    version: i64,
    name: &str,
) -> DataResult<()> {
    insert_or_ignore!(
        "student_names (student_id, full_name, version) VALUES ({student}, {name}, {version})"
    )
    .execute(tx)
    .await?;
    sql!("UPDATE student_names SET full_name = {name}, version = {version} WHERE student_id = {student} AND version < {version}")
        .apply(tx)
        .await
}
