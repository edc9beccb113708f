//! The endpoint of the admin listener.

use axum::extract::State;
use seaworthy_core::{Error, FieldViolation};
use seaworthy_data::chrono::DateTime;
use seaworthy_http::{Json, Query, Routes};
use serde::Deserialize;

use crate::{OperationLog, OperationPage, OperationQuery};

/// Returns the endpoint that lists entries.
pub(crate) fn routes(log: &OperationLog) -> Routes {
    Routes::new()
        .get("/operation-log", list)
        .with_state(log.clone())
}

/// The filter and the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    user_id: Option<String>,
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    page: u32,
    #[serde(default)]
    page_size: u32,
}

async fn list(
    State(log): State<OperationLog>,
    Query(filter): Query<Filter>,
) -> Result<Json<OperationPage>, Error> {
    let query = OperationQuery {
        user_id: filter.user_id,
        from_us: micros("from", filter.from)?,
        until_us: micros("until", filter.until)?,
        page: filter.page,
        page_size: filter.page_size,
    };
    Ok(Json(log.list(&query).await?))
}

/// Returns a time in microseconds since 1970.
///
/// # Errors
/// The text is not a time of RFC 3339.
fn micros(field: &'static str, text: Option<String>) -> Result<Option<i64>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(&text).map_err(|_| {
        let form = "use a time such as 2026-01-31T12:00:00Z";
        Error::invalid(vec![FieldViolation::new(field, form)])
    })?;
    Ok(Some(time.timestamp_micros()))
}
