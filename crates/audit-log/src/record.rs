use aws_lc_rs::hmac;
use chrono::{DateTime, SecondsFormat, Utc};
use seaworthy_data::{DataError, FromRow, Row};
use serde::Serialize;

/// The hash before the first record.
pub(crate) const BEGINNING: [u8; 32] = [0; 32];

/// A record as it is stored.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Record {
    pub(crate) sequence: i64,
    #[serde(rename = "at", serialize_with = "as_time")]
    pub(crate) at_us: i64,
    pub(crate) actor: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) action: String,
    pub(crate) target_kind: Option<String>,
    pub(crate) target_id: Option<String>,
    pub(crate) outcome: String,
    pub(crate) request_id: Option<String>,
    pub(crate) address: Option<String>,
    #[serde(serialize_with = "as_document")]
    pub(crate) details: String,
    #[serde(serialize_with = "as_hexadecimal")]
    pub(crate) hash: Vec<u8>,
}

impl Record {
    /// Returns the expected hash of the record after the previous hash.
    pub(crate) fn chained(&self, previous: &[u8], key: &hmac::Key) -> Vec<u8> {
        let mut context = hmac::Context::with_key(key);
        add(&mut context, Some(previous));
        add(&mut context, Some(&self.sequence.to_be_bytes()));
        add(&mut context, Some(&self.at_us.to_be_bytes()));
        for field in [
            self.actor.as_deref(),
            self.tenant.as_deref(),
            Some(&self.action),
            self.target_kind.as_deref(),
            self.target_id.as_deref(),
            Some(&self.outcome),
            self.request_id.as_deref(),
            self.address.as_deref(),
            Some(&self.details),
        ] {
            add(&mut context, field.map(str::as_bytes));
        }
        context.sign().as_ref().to_vec()
    }

    /// Formats the record for people.
    pub(crate) fn line(&self) -> String {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {} {} {} {} {}/{} {} {} {}",
            self.sequence,
            time(self.at_us),
            or_dash(&self.actor),
            or_dash(&self.address),
            self.action,
            or_dash(&self.target_kind),
            or_dash(&self.target_id),
            self.outcome,
            or_dash(&self.request_id),
            self.details
        )
    }
}

impl FromRow for Record {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            sequence: row.get("sequence")?,
            at_us: row.get("at_us")?,
            actor: row.get("actor")?,
            tenant: row.get("tenant")?,
            action: row.get("action")?,
            target_kind: row.get("target_kind")?,
            target_id: row.get("target_id")?,
            outcome: row.get("outcome")?,
            request_id: row.get("request_id")?,
            address: row.get("address")?,
            details: row.get("details")?,
            hash: row.get("hash")?,
        })
    }
}

/// Adds a field with its length, so that different records have different bytes.
pub(crate) fn add(context: &mut hmac::Context, field: Option<&[u8]>) {
    let length = field.map_or(u64::MAX, |bytes| u64::try_from(bytes.len()).unwrap_or(0));
    context.update(&length.to_be_bytes());
    context.update(field.unwrap_or_default());
}

fn time(microseconds: i64) -> String {
    DateTime::<Utc>::from_timestamp_micros(microseconds)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_time<S: serde::Serializer>(microseconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time(*microseconds))
}

fn as_document<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(document) => document.serialize(serializer),
        // The record was altered, which `verify` reports.
        Err(_) => serializer.serialize_str(text),
    }
}

fn as_hexadecimal<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hexadecimal(bytes))
}
