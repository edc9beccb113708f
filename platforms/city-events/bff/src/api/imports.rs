//! Imports of events from CSV files.

use city_events_contract::event::v1::{BadRow, CreateImportRequest, EventImport};
use seaworthy::{
    axum::{
        body::Bytes,
        extract::{Path, State, rejection::PathRejection},
        http::{HeaderName, StatusCode, header},
    },
    csv::{Cell, CsvWriter},
    prelude::{ByteSize, Json},
};
use serde::Serialize;
use uuid::Uuid;

use super::query::QueryPairs;
use crate::{
    api_error::ApiError,
    caller::Caller,
    timestamp,
    upstream::{ImportChange, Upstreams},
};

/// The maximum size of a file. The event service has the same limit.
pub(crate) const MAX_FILE_SIZE: ByteSize = ByteSize::mebibytes(1);

/// An import and its progress.
#[derive(Debug, Serialize)]
pub(super) struct ImportView {
    id: String,
    name: String,
    status: String,
    percent: u32,
    rows_checked: u64,
    rows_bad: u64,
    rows_stored: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

impl From<EventImport> for ImportView {
    fn from(import: EventImport) -> Self {
        let created_at = timestamp::from_proto(import.created_at.as_ref());
        Self {
            id: import.id,
            name: import.name,
            status: import.status,
            percent: import.percent,
            rows_checked: import.rows_checked,
            rows_bad: import.rows_bad,
            rows_stored: import.rows_stored,
            error: import.error,
            created_at: created_at.map(timestamp::to_text),
        }
    }
}

type ImportResult = Result<Json<ImportView>, ApiError>;

/// The import ID in the path.
type ImportId = Result<Path<String>, PathRejection>;

fn parse(id: ImportId) -> Result<String, ApiError> {
    let invalid = || ApiError::invalid("invalid import id");
    let Path(id) = id.map_err(|_| invalid())?;
    let id = Uuid::try_parse(&id).map_err(|_| invalid())?;
    Ok(id.to_string())
}

/// Receives a file and starts its check. `name` of the query is the name of the file.
pub(super) async fn create(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    pairs: QueryPairs,
    body: Bytes,
) -> Result<(StatusCode, Json<ImportView>), ApiError> {
    caller.require_user()?;
    if body.is_empty() {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "file_invalid",
            "the file is empty: the first line must name the columns",
        ));
    }
    let request = CreateImportRequest {
        name: pairs.text("name"),
        content: body.into(),
    };
    let import = upstreams.create_import(&caller, request).await?;
    Ok((StatusCode::CREATED, Json(import.into())))
}

/// Returns the caller's imports.
pub(super) async fn list(
    State(upstreams): State<Upstreams>,
    caller: Caller,
) -> Result<Json<Vec<ImportView>>, ApiError> {
    caller.require_user()?;
    let imports = upstreams.imports(&caller).await?;
    Ok(Json(imports.into_iter().map(Into::into).collect()))
}

/// Returns an import.
pub(super) async fn find(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    id: ImportId,
) -> ImportResult {
    caller.require_user()?;
    let found = upstreams.import(&caller, parse(id)?).await?;
    Ok(Json(found.import.unwrap_or_default().into()))
}

/// Returns the bad rows as CSV.
pub(super) async fn report(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    id: ImportId,
) -> Result<([(HeaderName, &'static str); 2], Bytes), ApiError> {
    caller.require_user()?;
    let found = upstreams.import(&caller, parse(id)?).await?;
    let mut csv = CsvWriter::new(&["line", "column", "value", "message"]);
    for BadRow {
        line,
        column,
        value,
        message,
    } in &found.bad_rows
    {
        csv.row([
            (*line).into(),
            Cell::from(column),
            value.into(),
            message.into(),
        ]);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"report.csv\"",
        ),
    ];
    Ok((headers, csv.take()))
}

/// Stores the events of a checked import.
pub(super) async fn confirm(state: State<Upstreams>, caller: Caller, id: ImportId) -> ImportResult {
    change(state, &caller, id, ImportChange::Confirm).await
}

/// Stops an import.
pub(super) async fn cancel(state: State<Upstreams>, caller: Caller, id: ImportId) -> ImportResult {
    change(state, &caller, id, ImportChange::Cancel).await
}

/// Removes the events of an import.
pub(super) async fn undo(state: State<Upstreams>, caller: Caller, id: ImportId) -> ImportResult {
    change(state, &caller, id, ImportChange::Undo).await
}

async fn change(
    State(upstreams): State<Upstreams>,
    caller: &Caller,
    id: ImportId,
    change: ImportChange,
) -> ImportResult {
    caller.require_user()?;
    let import = upstreams.change_import(caller, parse(id)?, change).await?;
    Ok(Json(import.into()))
}
