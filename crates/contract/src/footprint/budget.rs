use thiserror::Error;

/// What every request may take, in bytes: enough for thousands of elements of large messages, and little beside the memory of the
/// smallest container.
const BASE: usize = 8 * 1024 * 1024;

/// What each byte of a request may take besides, in bytes. Text takes 1, most numbers less than 4. More is needed only by long lists of
/// nearly empty elements.
const PER_BYTE: usize = 4;

/// The capacity of a list after its first element (`Vec` of the standard library).
const FIRST_CAPACITY: usize = 4;

/// The entries of a leaf of a `BTreeMap`, which is allocated as a whole.
const LEAF_ENTRIES: usize = 11;

/// Leaves of a `BTreeMap` are at least about half full.
const PER_ENTRY: usize = 2;

/// The decoded form of a request takes more memory than its length justifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the request has too many values for its length")]
pub(crate) struct Exhausted;

/// The memory that the rest of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// In bytes; `None` after more was asked for than there was.
    left: Option<usize>,
}

impl Budget {
    /// The budget of a request of `length` bytes.
    pub(crate) fn of_length(length: usize) -> Self {
        Self {
            left: Some(length.saturating_mul(PER_BYTE).saturating_add(BASE)),
        }
    }

    /// Whether more was asked for than there was.
    pub(crate) fn is_exhausted(self) -> bool {
        self.left.is_none()
    }

    /// Takes `bytes`.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        self.left.map(|_| ()).ok_or(Exhausted)
    }

    /// Takes what a list grows by when it gets element number `index` of `size` bytes.
    pub(crate) fn take_element(&mut self, index: usize, size: usize) -> Result<(), Exhausted> {
        let growth = match index {
            0 => FIRST_CAPACITY,
            full if full >= FIRST_CAPACITY && full.is_power_of_two() => full,
            _ => 0,
        };
        self.take(growth.saturating_mul(size))
    }

    /// Takes what a list of `count` elements of `size` bytes takes.
    pub(crate) fn take_list(&mut self, count: usize, size: usize) -> Result<(), Exhausted> {
        let capacity = match count {
            0 => 0,
            count => count.next_power_of_two().max(FIRST_CAPACITY),
        };
        self.take(capacity.saturating_mul(size))
    }

    /// Takes what a map grows by when it gets entry number `index` of `size` bytes.
    pub(crate) fn take_entry(&mut self, index: usize, size: usize) -> Result<(), Exhausted> {
        let entries = if index == 0 { LEAF_ENTRIES } else { PER_ENTRY };
        self.take(entries.saturating_mul(size))
    }
}
