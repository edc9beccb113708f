//! Cursors, which mark the end of a page.
//!
//! A cursor contains the sort values of the last row and a checksum of the list, its filters and
//! its order. A cursor of another list is an error. A cursor is not a secret and grants no access:
//! its values are parsed by kind and bound, and the condition of the list applies.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{Kind, Value};

/// The maximum length of a cursor, in bytes.
const MAX_LENGTH: usize = 4_096;
/// Bytes of the checksum, enough to distinguish lists.
const KEPT: usize = 9;

/// The list, filters and order of a cursor.
pub(super) fn checksum(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    URL_SAFE_NO_PAD.encode(digest.get(..KEPT).unwrap_or_default())
}

pub(super) fn write(checksum: &str, values: &[Value]) -> String {
    let values: Vec<Json> = values.iter().map(to_json).collect();
    URL_SAFE_NO_PAD.encode(json!([checksum, values]).to_string())
}

/// Decodes the values, if the text is a cursor of this list.
pub(super) fn read(text: &str, expected: &str, kinds: &[Kind]) -> Option<Vec<Value>> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (checksum, values): (String, Vec<Json>) = serde_json::from_slice(&bytes).ok()?;
    if checksum != expected || values.len() != kinds.len() {
        return None;
    }
    values
        .iter()
        .zip(kinds)
        .map(|(value, kind)| of_json(value, *kind))
        .collect()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null(_) => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Integer(value) => json!(value),
        Value::Unsigned(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Bytes(value) => json!(URL_SAFE_NO_PAD.encode(value)),
        Value::Uuid(value) => json!(value),
        Value::Time(value) => json!(value.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Json(value) => value.clone(),
    }
}

fn of_json(value: &Json, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Boolean => value.as_bool()?.into(),
        Kind::Integer => value.as_i64()?.into(),
        Kind::Float => value.as_f64()?.into(),
        Kind::Text => {
            let text = value.as_str().filter(|text| !text.contains('\0'))?;
            text.into()
        }
        Kind::Bytes => URL_SAFE_NO_PAD.decode(value.as_str()?).ok()?.into(),
        Kind::Uuid => value.as_str()?.parse::<uuid::Uuid>().ok()?.into(),
        Kind::Time => DateTime::parse_from_rfc3339(value.as_str()?)
            .ok()?
            .to_utc()
            .into(),
        Kind::Json => return None,
    })
}
