//! Reads the operation log of a service from its admin listener.

use std::{io, net::SocketAddr};

use serde_json::Value;

use crate::http::get;

/// Returns the latest entries of the operation log, the newest first.
///
/// # Errors
/// The service does not respond, or it has no operation log.
pub fn entries(admin: SocketAddr) -> io::Result<Vec<Value>> {
    let listed = get(admin, "/operation-log?page_size=100")?;
    let page: Value = serde_json::from_str(&listed.body)?;
    let entries = page.get("operations").and_then(Value::as_array).cloned();
    entries.ok_or_else(|| io::Error::other(listed.body))
}

/// Returns the only entry of the operation log.
///
/// # Errors
/// As [`entries`], or the log does not have exactly one entry.
pub fn only_entry(admin: SocketAddr) -> io::Result<Value> {
    let entries = entries(admin)?;
    let [entry] = entries.as_slice() else {
        return Err(io::Error::other(format!("expected one entry: {entries:?}")));
    };
    Ok(entry.clone())
}
