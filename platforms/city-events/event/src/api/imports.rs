//! Conversions of imports to the types of the gRPC interface.

use city_events_contract::event::v1 as call;
use prost_types::Timestamp;
use seaworthy::csv::{BadRow, CsvImport};

const MICROSECONDS: i64 = 1_000_000;

pub(super) fn event_import(import: &CsvImport) -> call::EventImport {
    let failure = import.failure.as_ref();
    let nanos = import.created_us.rem_euclid(MICROSECONDS) * 1_000;
    call::EventImport {
        id: import.id.to_string(),
        name: import.name.clone(),
        status: import.status.to_string(),
        percent: import.percent().into(),
        rows_checked: import.rows_checked,
        rows_bad: import.rows_bad,
        rows_stored: import.rows_stored,
        error: failure
            .map(|failure| failure.message.clone())
            .unwrap_or_default(),
        created_at: Some(Timestamp {
            seconds: import.created_us.div_euclid(MICROSECONDS),
            nanos: i32::try_from(nanos).unwrap_or_default(),
        }),
    }
}

pub(super) fn bad_row(row: BadRow) -> call::BadRow {
    call::BadRow {
        line: row.line,
        column: row.column.unwrap_or_default(),
        value: row.value.unwrap_or_default(),
        message: row.message,
    }
}
