use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{ObjectKey, StorageError};

/// The minimum size of a part that is not the last one, in bytes. It is the minimum of S3.
pub const MIN_PART_SIZE: u64 = 5 * 1024 * 1024;
/// The maximum number of parts in S3.
pub(crate) const MAX_PARTS: u16 = 10_000;
/// The maximum size of a part, in bytes. A part is in memory while it is sent.
pub(crate) const MAX_PART_SIZE: u64 = 16 * 1024 * 1024;

/// A multipart upload in progress. Store it to continue in another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultipartUpload {
    pub(crate) key: ObjectKey,
    pub(crate) id: String,
    pub(crate) only_if_absent: bool,
}

impl MultipartUpload {
    /// Returns the key of the object.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }
}

/// A stored part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The number, from 1 to 10,000.
    pub number: u16,
    /// The entity tag, without quotes.
    pub etag: String,
    /// The size, in bytes.
    pub size: u64,
}

pub(crate) fn check_number(number: u16) -> Result<(), StorageError> {
    if (1..=MAX_PARTS).contains(&number) {
        Ok(())
    } else {
        Err(StorageError::Parts("part numbers are 1 to 10000"))
    }
}

/// Checks the rules of S3, and returns the parts in the order of their numbers with their size.
pub(crate) fn ordered(parts: &[Part]) -> Result<(Vec<Part>, u64), StorageError> {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.number);
    let numbers: BTreeSet<_> = parts.iter().map(|part| part.number).collect();
    let is_complete = numbers.len() == parts.len()
        && numbers
            .iter()
            .copied()
            .eq((1..=MAX_PARTS).take(parts.len()));
    if parts.is_empty() || !is_complete {
        return Err(StorageError::Parts(
            "use the numbers from 1 without gaps, each once",
        ));
    }
    let small = parts
        .iter()
        .rev()
        .skip(1)
        .any(|part| part.size < MIN_PART_SIZE);
    if small {
        return Err(StorageError::Parts(
            "only the last part may be smaller than 5 MiB",
        ));
    }
    let size = parts
        .iter()
        .map(|part| part.size)
        .fold(0, u64::saturating_add);
    Ok((parts, size))
}
