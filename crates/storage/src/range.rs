use std::ops::{Bound, Range, RangeBounds};

use crate::StorageError;

/// A requested range of bytes. The end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

impl ByteRange {
    pub(crate) const WHOLE: Self = Self {
        start: 0,
        end: None,
    };

    pub(crate) fn new(bounds: &impl RangeBounds<u64>) -> Self {
        let start = match bounds.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match bounds.end_bound() {
            Bound::Included(end) => end.checked_add(1),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        Self { start, end }
    }

    /// Returns the part of an object of this size. An end after the object is the end of the
    /// object.
    pub(crate) fn of(self, size: u64) -> Result<Range<u64>, StorageError> {
        if self == Self::WHOLE {
            return Ok(0..size);
        }
        let end = self.end.map_or(size, |end| end.min(size));
        if self.start < end {
            Ok(self.start..end)
        } else {
            Err(StorageError::Range { size })
        }
    }
}
