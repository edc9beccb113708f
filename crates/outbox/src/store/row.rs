use seaworthy_data::{DataError, FromRow, Row};
use seaworthy_messaging::{Envelope, Topic, envelope::HeaderEncoding};

/// The form of stored headers, which is the form of published ones.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };

/// Identifies a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowId {
    pub(crate) partition: i32,
    pub(crate) sequence: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct OutboxRow {
    pub(crate) sequence: i64,
    pub(crate) partition: i32,
    pub(crate) attempts: i32,
    /// The message, or the reason why it cannot be read.
    pub(crate) envelope: Result<Envelope, String>,
}

impl OutboxRow {
    pub(crate) const fn id(&self) -> RowId {
        RowId {
            partition: self.partition,
            sequence: self.sequence,
        }
    }
}

/// The headers of a message as the column `headers` contains them: a JSON array of pairs.
pub(crate) fn headers(envelope: &Envelope) -> String {
    serde_json::Value::from_iter(
        envelope
            .to_headers(ENCODING)
            .into_iter()
            .map(|(name, value)| serde_json::Value::from_iter([name, value])),
    )
    .to_string()
}

impl FromRow for OutboxRow {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let topic: String = row.get("topic")?;
        let headers: String = row.get("headers")?;
        let payload: Vec<u8> = row.get("payload")?;
        let envelope = Topic::new(&topic)
            .map_err(|error| error.to_string())
            .and_then(|topic| {
                let headers: Vec<(String, String)> =
                    serde_json::from_str(&headers).map_err(|error| error.to_string())?;
                Ok(Envelope::from_headers(
                    ENCODING,
                    topic,
                    headers,
                    payload.into(),
                ))
            });
        Ok(Self {
            sequence: row.get("sequence")?,
            partition: row.get("partition_id")?,
            attempts: row.get("attempts")?,
            envelope,
        })
    }
}
