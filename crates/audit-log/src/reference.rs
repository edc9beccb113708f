use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Number of hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// A reference to a record: its number and its hash in hexadecimal, as in `7:93ab…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordReference {
    pub(crate) sequence: i64,
    pub(crate) hash: String,
}

/// The error for a text that is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid reference to a record: use its number and hash, such as 7:93ab…")]
pub struct InvalidRecordReference;

impl FromStr for RecordReference {
    type Err = InvalidRecordReference;

    fn from_str(text: &str) -> Result<Self, InvalidRecordReference> {
        let (sequence, hash) = text.split_once(':').ok_or(InvalidRecordReference)?;
        let is_hash = hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(InvalidRecordReference);
        }
        Ok(Self {
            sequence: sequence.parse().map_err(|_| InvalidRecordReference)?,
            hash: hash.to_ascii_lowercase(),
        })
    }
}

seaworthy_core::text_conversions!(RecordReference);

impl fmt::Display for RecordReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.sequence, self.hash)
    }
}
