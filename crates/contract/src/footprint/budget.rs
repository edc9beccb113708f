use std::time::Duration;

use seaworthy_core::{Code, context};
use thiserror::Error;

use crate::error::reason;

/// The memory that every request may take, in bytes. It suffices for thousands of elements, and a
/// small container has room for hundreds of such requests.
const BASE: usize = 1024 * 1024;

/// The additional memory for each byte of a request, in bytes. Text takes 1, most numbers less than
/// 4. Only long lists of nearly empty elements need more.
const PER_BYTE: usize = 4;

/// The `Retry-After` of a request for which the process has no memory. Most requests end within
/// this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The capacity of a list after its first element (`Vec` of the standard library).
const FIRST_CAPACITY: usize = 4;

/// The number of entries of a leaf of a `BTreeMap`, which is allocated as a whole.
const LEAF_ENTRIES: usize = 11;

/// The number of places per entry, because leaves of a `BTreeMap` may be about half full.
const PER_ENTRY: usize = 2;

/// The memory that a request takes without a charge to the budget of the process, in bytes. Most
/// requests take less. With 1,024 requests in flight it adds up to 64 MiB.
const UNCHARGED: usize = 64 * 1024;

/// The decoded form of a request exceeds its memory limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Exhausted {
    /// It takes more memory than the length of the request justifies.
    #[error("the request has too many values for its length")]
    TooManyValues,
    /// It takes more memory than the process has left for requests.
    #[error("the service is overloaded: try again later")]
    Overloaded,
}

impl From<Exhausted> for seaworthy_core::Error {
    fn from(exhausted: Exhausted) -> Self {
        let message = exhausted.to_string();
        match exhausted {
            Exhausted::TooManyValues => Self::new(Code::TooLarge, reason::TOO_MANY_VALUES, message),
            Exhausted::Overloaded => Self::new(Code::Unavailable, reason::OVERLOADED, message)
                .with_retry_after(RETRY_AFTER),
        }
    }
}

/// The memory that the rest of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// The memory that is left, in bytes.
    left: usize,
    /// Bytes that are not yet charged to the budget of the process.
    uncharged: usize,
    exhausted: Option<Exhausted>,
}

impl Budget {
    /// Creates the budget of a request of `length` bytes.
    pub(crate) fn of_length(length: usize) -> Self {
        Self {
            left: length.saturating_mul(PER_BYTE).saturating_add(BASE),
            uncharged: 0,
            exhausted: None,
        }
    }

    /// Returns why the budget was exceeded, if it was.
    pub(crate) fn exhausted(self) -> Option<Exhausted> {
        self.exhausted
    }

    /// Charges `bytes` to this budget, and in steps of [`UNCHARGED`] to that of the process.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let taken = match self.exhausted {
            Some(exhausted) => Err(exhausted),
            None => self.try_take(bytes),
        };
        taken.inspect_err(|exhausted| self.exhausted = Some(*exhausted))
    }

    fn try_take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(Exhausted::TooManyValues)?;
        self.uncharged = self.uncharged.saturating_add(bytes);
        if self.uncharged < UNCHARGED {
            return Ok(());
        }
        let bytes = u64::try_from(std::mem::take(&mut self.uncharged)).unwrap_or(u64::MAX);
        let is_charged = context::with_current(|request| {
            request.is_none_or(|request| request.charge_memory(bytes))
        });
        is_charged.then_some(()).ok_or(Exhausted::Overloaded)
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
