use thiserror::Error;

/// The memory that every request may take, in bytes. It suffices for thousands of elements, and some
/// hundred requests at once fit into a small container.
const BASE: usize = 1024 * 1024;

/// The additional memory for each byte of a request, in bytes. Text takes 1, most numbers less than
/// 4. Only long lists of nearly empty elements need more.
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
    /// In bytes. `None` after the budget was exceeded.
    left: Option<usize>,
}

impl Budget {
    /// Creates the budget of a request of `length` bytes.
    pub(crate) fn of_length(length: usize) -> Self {
        Self {
            left: Some(length.saturating_mul(PER_BYTE).saturating_add(BASE)),
        }
    }

    /// Whether the budget was exceeded.
    pub(crate) fn is_exhausted(self) -> bool {
        self.left.is_none()
    }

    /// Charges `bytes`.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        self.left.map(|_| ()).ok_or(Exhausted)
    }

    /// Charges the growth of a list when it receives element number `index` of `size` bytes.
    pub(crate) fn take_element(&mut self, index: usize, size: usize) -> Result<(), Exhausted> {
        let growth = match index {
            0 => FIRST_CAPACITY,
            full if full >= FIRST_CAPACITY && full.is_power_of_two() => full,
            _ => 0,
        };
        self.take(growth.saturating_mul(size))
    }

    /// Charges a list of `count` elements of `size` bytes.
    pub(crate) fn take_list(&mut self, count: usize, size: usize) -> Result<(), Exhausted> {
        let capacity = match count {
            0 => 0,
            count => count.next_power_of_two().max(FIRST_CAPACITY),
        };
        self.take(capacity.saturating_mul(size))
    }

    /// Charges the growth of a map when it receives entry number `index` of `size` bytes.
    pub(crate) fn take_entry(&mut self, index: usize, size: usize) -> Result<(), Exhausted> {
        let entries = if index == 0 { LEAF_ENTRIES } else { PER_ENTRY };
        self.take(entries.saturating_mul(size))
    }
}
