//! Collects all violations of a request, so that one response names them (API-3).

mod location;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use seaworthy_core::FieldViolation;

use crate::footprint::Budget;
use location::{Location, Step};

/// The maximum number of violations in one response. A body with a million bad elements must not
/// cost a million messages.
pub const MAX_VIOLATIONS: usize = 64;

/// The maximum bytes of all violations together, paths and descriptions. With JSON escapes a
/// response stays below 32 KiB.
pub const MAX_VIOLATIONS_BYTES: usize = 12 * 1024;

/// The two names of a field.
///
/// ```
/// use seaworthy_contract::Field;
///
/// static PROJECT_ID: Field = Field { proto: "project_id", json: "projectId" };
/// assert_eq!(PROJECT_ID.json, "projectId");
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name in the `.proto`, such as `project_id`. gRPC clients use it.
    pub proto: &'static str,
    /// The name in JSON output, such as `projectId`.
    pub json: &'static str,
}

/// The names that violations use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The names of the contract.
    Proto,
    /// The names of the JSON form.
    Json,
}

/// The current location, and the violations found so far.
///
/// ```
/// use seaworthy_contract::{Field, Naming, Violations};
///
/// static SEATS: Field = Field { proto: "seat_count", json: "seatCount" };
///
/// let mut violations = Violations::new(Naming::Json);
/// violations.within(&SEATS, |violations| violations.add("must be greater than 0"));
/// assert_eq!(violations.as_slice()[0].field, "seatCount");
/// ```
#[derive(Debug)]
pub struct Violations {
    naming: Naming,
    location: Location,
    found: Vec<FieldViolation>,
    /// The size of `found`, in bytes.
    bytes: usize,
    /// Whether a violation was omitted because of the limit.
    full: bool,
    /// How many of the first violations are values that could not be read. Rules are checked after
    /// reading.
    unread: usize,
    /// The locations of these values.
    unread_locations: Vec<Location>,
    given: HashSet<Location>,
    budget: Budget,
}

impl Violations {
    /// Creates an empty collection.
    #[must_use]
    pub fn new(naming: Naming) -> Self {
        Self {
            naming,
            location: Location::default(),
            found: Vec::new(),
            bytes: 0,
            full: false,
            unread: 0,
            unread_locations: Vec::new(),
            given: HashSet::new(),
            budget: Budget::of_length(0),
        }
    }

    /// Runs `check` inside a field.
    pub fn within<R>(&mut self, field: &'static Field, check: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::Field(field), check)
    }

    /// Runs `check` inside an element of a list.
    pub fn within_index<R>(&mut self, index: usize, check: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::Index(index), check)
    }

    /// Runs `check` inside a value of a map.
    pub fn within_key<R>(&mut self, key: impl AsRef<str>, check: impl FnOnce(&mut Self) -> R) -> R {
        self.step(Step::key(key.as_ref()), check)
    }

    fn step<R>(&mut self, step: Step, check: impl FnOnce(&mut Self) -> R) -> R {
        self.location.push(step);
        let result = check(self);
        self.location.pop();
        result
    }

    /// Records that the value at the current location cannot be read.
    pub fn add(&mut self, description: impl Into<String>) {
        if self.record(description) {
            self.unread = self.found.len();
            self.unread_locations.push(self.location.clone());
        }
    }

    fn record(&mut self, description: impl Into<String>) -> bool {
        if self.full {
            return false;
        }
        let violation = FieldViolation::new(self.path(), description);
        let bytes = self.bytes + violation.field.len() + violation.description.len();
        if self.found.len() >= MAX_VIOLATIONS || bytes > MAX_VIOLATIONS_BYTES {
            self.full = true;
            return false;
        }
        self.bytes = bytes;
        self.found.push(violation);
        true
    }

    /// Records a broken rule, unless the value at this location could not be read.
    pub fn add_rule(&mut self, description: impl Into<String>) {
        let mut unread = self.unread_locations.iter();
        if !self.full && !unread.any(|known| self.location.is_within(known)) {
            self.record(description);
        }
    }

    /// Records a broken rule of a field of the current location.
    pub fn add_rule_to(&mut self, field: &'static Field, description: impl Into<String>) {
        self.within(field, |violations| violations.add_rule(description));
    }

    /// Marks the current location as given. Returns whether this is the first time.
    pub(crate) fn give(&mut self) -> bool {
        self.given.insert(self.location.clone())
    }

    /// Clears the given locations, so that the next source of values takes precedence.
    pub(crate) fn clear_given(&mut self) {
        self.given.clear();
    }

    /// Returns the current location, such as `items[2].price`. Long map keys and long locations are
    /// cut off.
    #[must_use]
    pub fn path(&self) -> String {
        self.location.path(self.naming)
    }

    /// Returns the memory budget for the rest of the request.
    pub(crate) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Whether a violation was omitted because of the limit. Further reading finds nothing that the
    /// response could name.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The number of values that could not be read. The other violations are broken rules.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// The violations: values that could not be read, then broken rules.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldViolation] {
        &self.found
    }

    /// Whether there are no violations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the violations.
    #[must_use]
    pub fn into_violations(self) -> Vec<FieldViolation> {
        self.found
    }
}
