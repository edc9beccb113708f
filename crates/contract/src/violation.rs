//! Collects everything that is wrong with a request, so that one answer names it all (API-3).

use std::fmt::Write as _;

use seaworthy_core::FieldViolation;

/// How many violations one answer names. A body of a million bad elements must not cost a million messages.
pub const MOST_VIOLATIONS: usize = 64;

/// The two names of a field: the one in the contract and the one in JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the `.proto`, such as `project_id`: what a gRPC client knows.
    pub proto: &'static str,
    /// The name that the service prints in JSON, such as `projectId`.
    pub json: &'static str,
}

/// Which of the two names a violation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The names of the contract.
    Proto,
    /// The names of the JSON form.
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(&'static Field),
    Index(usize),
    Key(String),
}

/// The place that is being read or checked, and what was found wrong so far.
///
/// ```
/// use seaworthy_contract::{Field, Naming, Violations};
///
/// static SEATS: Field = Field { proto: "seat_count", json: "seatCount" };
///
/// let mut violations = Violations::new(Naming::Json);
/// violations.within(&SEATS, |violations| violations.add("must be greater than 0"));
/// assert_eq!(violations.found()[0].field, "seatCount");
/// ```
#[derive(Debug)]
pub struct Violations {
    naming: Naming,
    path: Vec<Step>,
    found: Vec<FieldViolation>,
    /// How many of the first of them are values that could not be read: reading comes before the rules.
    unread: usize,
    given: Vec<String>,
}

impl Violations {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new(naming: Naming) -> Self {
        Self {
            naming,
            path: Vec::new(),
            found: Vec::new(),
            unread: 0,
            given: Vec::new(),
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
    pub fn within_key<R>(
        &mut self,
        key: impl Into<String>,
        check: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.step(Step::Key(key.into()), check)
    }

    fn step<R>(&mut self, step: Step, check: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step);
        let result = check(self);
        self.path.pop();
        result
    }

    /// Records that the value at the present place cannot be read.
    pub fn add(&mut self, description: impl Into<String>) {
        if self.record(description) {
            self.unread = self.found.len();
        }
    }

    fn record(&mut self, description: impl Into<String>) -> bool {
        let room = self.found.len() < MOST_VIOLATIONS;
        if room {
            let field = self.path();
            self.found.push(FieldViolation::new(field, description));
        }
        room
    }

    /// Records a broken rule, unless the same place could not be read in the first place: its value is then not the client's.
    pub fn add_rule(&mut self, description: impl Into<String>) {
        if self.unread > 0 {
            let path = self.path();
            let unread = self.found.iter().take(self.unread);
            if unread.into_iter().any(|known| covers(&known.field, &path)) {
                return;
            }
        }
        self.record(description);
    }

    /// Records a broken rule of a field of the present place.
    pub fn add_rule_to(&mut self, field: &'static Field, description: impl Into<String>) {
        self.within(field, |violations| violations.add_rule(description));
    }

    /// Notes that the present place was given a value, and tells whether this was the first time.
    pub(crate) fn give(&mut self) -> bool {
        let path = self.path();
        let first = !self.given.contains(&path);
        if first {
            self.given.push(path);
        }
        first
    }

    /// Forgets which places were given a value: what comes next wins.
    pub(crate) fn forget_given(&mut self) {
        self.given.clear();
    }

    /// The present place, such as `items[2].price`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Field(field) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(match self.naming {
                        Naming::Proto => field.proto,
                        Naming::Json => field.json,
                    });
                }
                Step::Index(index) => {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "[{index}]");
                }
                Step::Key(key) => {
                    let _ = write!(text, "[{key:?}]");
                }
            }
        }
        text
    }

    /// How many values could not be read; the other violations are broken rules.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// What was found wrong: what could not be read, then the broken rules.
    #[must_use]
    pub fn found(&self) -> &[FieldViolation] {
        &self.found
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found wrong.
    #[must_use]
    pub fn into_found(self) -> Vec<FieldViolation> {
        self.found
    }
}

/// Whether a violation at `known` makes one at `path` meaningless: the same place, or one inside it.
fn covers(known: &str, path: &str) -> bool {
    path.strip_prefix(known)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
