//! The answers of a rule.

use super::{Confidence, Edit, Metadata, Severity};
use crate::model::{Model, Service};
use crate::source::Location;

/// A rule: what it is and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What it says about itself.
    pub metadata: Metadata,
    /// How it looks.
    pub check: Check,
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Each service. No outcome means that the rule does not apply to it.
    Service(fn(&Model, &Service) -> Vec<Outcome>),
    /// The repository as a whole.
    Repository(fn(&Model) -> Vec<Outcome>),
}

/// One answer.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The promise is broken here.
    Breach(Breach),
    /// The promise is kept, and this shows it.
    Passed {
        /// What shows it.
        evidence: String,
        /// Where.
        at: Option<Location>,
    },
    /// It could not be told, and this is why.
    Unknown(String),
}

/// A broken promise.
#[derive(Debug, Clone)]
pub struct Breach {
    /// Where.
    pub at: Location,
    /// What decides, in one sentence. Never quote a value that may be a credential.
    pub evidence: String,
    /// How sure.
    pub confidence: Confidence,
    /// When it differs from the rule's.
    pub severity: Option<Severity>,
    /// When it can be said better than the rule's text for the ecosystem.
    pub fix: Option<String>,
    /// The fix as a change of the file, when it is local and safe.
    pub edit: Option<Edit>,
    /// Whether something is missing from the whole service or repository; the place then only says where it would go.
    pub is_absence: bool,
}

impl Breach {
    /// A breach of the rule's own severity.
    #[must_use]
    pub fn new(at: Location, confidence: Confidence, evidence: impl Into<String>) -> Self {
        Self {
            at,
            evidence: evidence.into(),
            confidence,
            severity: None,
            fix: None,
            edit: None,
            is_absence: false,
        }
    }

    /// With another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// With a fix of its own.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Of something that the whole service or repository lacks: the finding stays the same one wherever it is shown.
    #[must_use]
    pub const fn absence(mut self) -> Self {
        self.is_absence = true;
        self
    }

    /// With a change that fixes it and changes nothing else.
    #[must_use]
    pub fn edit(mut self, edit: Edit) -> Self {
        self.edit = Some(edit);
        self
    }
}

impl From<Breach> for Outcome {
    fn from(breach: Breach) -> Self {
        Self::Breach(breach)
    }
}

impl Outcome {
    /// A kept promise with a place.
    #[must_use]
    pub fn passed(evidence: impl Into<String>, at: Option<&Location>) -> Self {
        Self::Passed {
            evidence: evidence.into(),
            at: at.cloned(),
        }
    }

    /// An answer that could not be given.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }
}
