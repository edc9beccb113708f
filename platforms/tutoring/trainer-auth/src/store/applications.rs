//! Statements on applications.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page, Territory};
use tutoring_identity::{coordinates, levels, optional, paged, territory};

use crate::domain::{Form, ReviewStatus, errors};

// Returns the text of a statement that reads applications.
statements! { statement: "SELECT id, trainer_id, review_status, form, state, district, zone, locality, city, latitude, longitude, location_status, reviewed_by, reviewed_at, review_notes, version, submitted_at FROM trainer_applications " }

/// Adds the condition of a territory. An absent level matches every place.
macro_rules! within {
    ($select:ident, $place:expr, $text:literal, $($rest:tt)*) => {{
        let [state, district, zone, locality] = &levels($place);
        $select!($text, " WHERE ({state.0} = 0 OR lower(state) = {&state.1}) AND ({district.0} = 0 OR lower(district) = {&district.1}) AND ({zone.0} = 0 OR lower(zone) = {&zone.1}) AND ({locality.0} = 0 OR lower(locality) = {&locality.1}) ", $($rest)*)
    }};
}

/// An application with its review, as its trainer and admins see it.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    #[serde(rename = "applicationId")]
    pub(crate) id: Uuid,
    pub(crate) trainer_id: Uuid,
    #[from_row(with = from_text, column = "review_status")]
    #[serde(rename = "reviewStatus")]
    pub(crate) status: ReviewStatus,
    #[from_row(with = from_json)]
    #[serde(flatten)]
    pub(crate) form: Form,
    /// The place that decides which admins see the application.
    #[from_row(with = territory)]
    #[serde(rename = "territory")]
    pub(crate) place: Territory,
    pub(crate) city: Option<String>,
    /// Latitude and longitude of an approved trainer, in degrees.
    #[from_row(with = coordinates)]
    #[serde(skip)]
    pub(crate) coordinates: Option<(f64, f64)>,
    /// `known` or `missing`. Absent before the approval.
    pub(crate) location_status: Option<String>,
    pub(crate) reviewed_by: Option<Uuid>,
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
    pub(crate) review_notes: Option<String>,
    #[serde(skip)]
    pub(crate) version: i64,
    pub(crate) submitted_at: DateTime<Utc>,
}

pub(crate) async fn by_id(
    connection: &dyn Connection,
    id: Uuid,
) -> DataResult<Option<Application>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

pub(crate) async fn by_trainer(
    connection: &dyn Connection,
    trainer: Uuid,
) -> DataResult<Option<Application>> {
    statement!(sql, "WHERE trainer_id = {trainer}")
        .fetch_optional(connection)
        .await
}

/// Returns an application, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Application>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns the application of a trainer, and locks the row until the transaction ends.
pub(crate) async fn lock_of_trainer(
    tx: &Transaction,
    trainer: Uuid,
) -> DataResult<Option<Application>> {
    statement!(locked, "WHERE trainer_id = {trainer}")
        .fetch_optional(tx)
        .await
}

/// Inserts an application.
///
/// # Errors
/// `CONFLICT` if the trainer has one.
pub(crate) async fn insert(tx: &Transaction, application: &Application) -> Result<(), Error> {
    let now = Utc::now();
    let form = serde_json::to_value(&application.form).map_err(Error::internal)?;
    let place = application.place.clone();
    let inserted = sql!("INSERT INTO trainer_applications (id, trainer_id, review_status, form, consents_given, state, district, zone, locality, version, submitted_at, created_at, updated_at)
         VALUES ({application.id}, {application.trainer_id}, {application.status.as_str()}, {form}, {true}, {place.state}, {place.district}, {place.zone}, {place.locality}, {application.version}, {application.submitted_at}, {now}, {now})")
        .execute(tx)
        .await;
    match inserted {
        Err(error) if error.is_unique_violation() => Err(errors::application_pending()),
        other => Ok(other.map(drop)?),
    }
}

/// Stores the form, the place and the review of an application.
pub(crate) async fn update(tx: &Transaction, application: &Application) -> Result<(), Error> {
    let form = serde_json::to_value(&application.form).map_err(Error::internal)?;
    let place = application.place.clone();
    let (latitude, longitude) = application.coordinates.unzip();
    sql!("UPDATE trainer_applications SET review_status = {application.status.as_str()}, form = {form}, state = {place.state}, district = {place.district}, zone = {place.zone}, locality = {place.locality}, city = {application.city.clone()}, latitude = {latitude}, longitude = {longitude}, location_status = {application.location_status.clone()},
         reviewed_by = {application.reviewed_by}, reviewed_at = {application.reviewed_at}, review_notes = {application.review_notes.clone()}, version = {application.version}, submitted_at = {application.submitted_at}, updated_at = {Utc::now()} WHERE id = {application.id}")
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns a page of the applications in a territory, the oldest first.
pub(crate) async fn list(
    connection: &dyn Connection,
    within: &Territory,
    status: Option<ReviewStatus>,
    page: CheckedPage,
) -> DataResult<Page<Application>> {
    let (by_status, status) = optional(status.map(ReviewStatus::as_str));
    within!(paged, within, "SELECT id, trainer_id, review_status, form, state, district, zone, locality, city, latitude, longitude, location_status, reviewed_by, reviewed_at, review_notes, version, submitted_at FROM trainer_applications", "AND ({by_status} = 0 OR review_status = {status})"; "ORDER BY submitted_at, id", page)
        .fetch(connection)
        .await
}

/// Returns the number of applications in a territory by their state.
pub(crate) async fn counts(
    connection: &dyn Connection,
    within: &Territory,
) -> DataResult<Vec<(String, u64)>> {
    within!(
        sql,
        within,
        "SELECT review_status, COUNT(*) FROM trainer_applications",
        "GROUP BY review_status"
    )
    .fetch_all(connection)
    .await
}

/// Replaces the documents of an application.
pub(crate) async fn set_documents(
    tx: &Transaction,
    id: Uuid,
    documents: &[Document],
) -> DataResult<()> {
    sql!("DELETE FROM trainer_documents WHERE application_id = {id}")
        .execute(tx)
        .await?;
    let now = Utc::now();
    let rows = documents.iter().map(|document| {
        let Document { kind, key, etag } = document.clone();
        [id.into(), kind.into(), key.into(), etag.into(), now.into()]
    });
    sql("INSERT INTO trainer_documents (application_id, kind, object_key, etag, created_at) VALUES (?, ?, ?, ?, ?)**")
        .bind_rows(rows)
        .apply(tx)
        .await
}

/// Returns the documents of an application.
pub(crate) async fn documents(connection: &dyn Connection, id: Uuid) -> DataResult<Vec<Document>> {
    sql!("SELECT kind, object_key, etag FROM trainer_documents WHERE application_id = {id} ORDER BY kind")
        .fetch_all(connection)
        .await
}

/// A document of an application.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Document {
    pub(crate) kind: String,
    #[from_row(column = "object_key")]
    pub(crate) key: String,
    /// The entity tag of the checked content.
    pub(crate) etag: String,
}
