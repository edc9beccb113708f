use seaworthy_data::{DataError, FromRow, Row};
use serde::Serialize;

/// A stored call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// The ID: a UUIDv7, or a number if the settings have a node.
    pub id: String,
    /// The start, in microseconds since 1970.
    pub created_us: i64,
    /// The user. `None` for anonymous calls.
    pub user_id: Option<String>,
    /// The HTTP method, which is POST for gRPC. Empty for an operation that the service declared.
    pub method: String,
    /// The HTTP method, the name of the gRPC method, or the name that the service declared.
    pub operation: String,
    /// The path template, or the name of the gRPC service.
    pub target: String,
    /// The path.
    pub path: String,
    /// The redacted request.
    pub content: Option<String>,
    /// The redacted object before the call, if the handler recorded it.
    pub before: Option<String>,
    /// The redacted object after the call, if the handler recorded it.
    pub after: Option<String>,
    /// The HTTP status, or the gRPC status of a gRPC call. `None` until the call has ended. A call
    /// whose client disconnected, or that a stop aborted, has 499 or `CANCELLED` (1). A call with
    /// an idempotency key continues without its client, and has the status of its response.
    pub status: Option<i32>,
    /// `ok`, the reason of an error, `replayed` for a stored response to an idempotency key, or
    /// `unknown` until the call has ended. A declared operation that may have had its effect is
    /// `unknown` too.
    pub result: String,
    /// The duration in milliseconds. `None` until the call has ended.
    pub duration_ms: Option<i64>,
    /// The ID of the request.
    pub request_id: String,
    /// The trace ID, in hexadecimal.
    pub trace_id: String,
    /// The IP address of the client.
    pub client_ip: String,
}

/// The filter and the page of a list, newest first.
#[derive(Debug, Clone, Default)]
pub struct OperationQuery {
    /// Lists the calls of one user.
    pub user_id: Option<String>,
    /// The earliest start, inclusive, in microseconds since 1970.
    pub from_us: Option<i64>,
    /// The end of the range, exclusive, in microseconds since 1970.
    pub until_us: Option<i64>,
    /// The number of the page, from 1. 0 means 1.
    pub page: u32,
    /// The calls of a page, at most 100. 0 means 20.
    pub page_size: u32,
}

/// A page of calls.
#[derive(Debug, Clone, Serialize)]
pub struct OperationPage {
    /// The calls.
    pub operations: Vec<Operation>,
    /// The matching calls on all pages.
    pub total: u64,
}

impl FromRow for Operation {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            created_us: row.get("created_us")?,
            user_id: row.get("user_id")?,
            method: row.get("method")?,
            operation: row.get("operation")?,
            target: row.get("target")?,
            path: row.get("path")?,
            content: row.get("content")?,
            before: row.get("old_value")?,
            after: row.get("new_value")?,
            status: row.get("status")?,
            result: row.get("result")?,
            duration_ms: row.get("duration_ms")?,
            request_id: row.get("request_id")?,
            trace_id: row.get("trace_id")?,
            client_ip: row.get("client_ip")?,
        })
    }
}
