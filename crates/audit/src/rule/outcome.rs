//! The outcomes of a rule.

use super::{Confidence, Edit, Metadata, Severity};
use crate::model::{Model, Service};
use crate::source::Location;

/// A rule: its metadata and its check.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The metadata.
    pub metadata: Metadata,
    /// The check function.
    pub check: Check,
}

/// The scope of a check.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Each service. No outcome means that the rule does not apply to it.
    Service(fn(&Model, &Service) -> Vec<Outcome>),
    /// The repository as a whole.
    Repository(fn(&Model) -> Vec<Outcome>),
}

/// One outcome of a rule.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The requirement is violated.
    Breach(Breach),
    /// The requirement is met.
    Passed {
        /// The evidence.
        evidence: String,
        /// The location.
        at: Option<Location>,
    },
    /// The check is undecided, for this reason.
    Unknown(String),
}

/// A violated requirement.
#[derive(Debug, Clone)]
pub struct Breach {
    /// The location.
    pub at: Location,
    /// The evidence in one sentence. It must not quote a value that may be a credential.
    pub evidence: String,
    /// The confidence.
    pub confidence: Confidence,
    /// The severity, if it differs from that of the rule.
    pub severity: Option<Severity>,
    /// A fix that is more precise than the rule's text for the ecosystem.
    pub fix: Option<String>,
    /// The fix as a change of the file, when it is local and safe.
    pub edit: Option<Edit>,
    /// Further places with the same breach, or the other places of a comparison between files.
    pub related: Vec<Location>,
    /// Whether something is missing from the whole service or repository. The place is then only
    /// where it would be added.
    pub is_absence: bool,
    /// Whether readers reject most findings of this kind. Its severity is at most low.
    pub is_guess: bool,
}

impl Breach {
    /// Creates a breach with the severity of the rule.
    #[must_use]
    pub fn new(at: Location, confidence: Confidence, evidence: impl Into<String>) -> Self {
        Self {
            at,
            evidence: evidence.into(),
            confidence,
            severity: None,
            fix: None,
            edit: None,
            related: Vec::new(),
            is_absence: false,
            is_guess: false,
        }
    }

    /// A likely breach that a person has to verify. The report lists it for review, with at most
    /// medium severity, and it does not fail an audit.
    #[must_use]
    pub fn review(at: Location, evidence: impl Into<String>) -> Self {
        Self::new(at, Confidence::Low, evidence)
    }

    /// A breach for review with at most low severity, because readers reject most of its kind.
    #[must_use]
    pub fn guess(at: Location, evidence: impl Into<String>) -> Self {
        Self {
            is_guess: true,
            ..Self::review(at, evidence)
        }
    }

    /// Sets another severity. A breach for review stays at most medium.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Sets a fix that replaces the text of the rule.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Marks the breach as something that the whole service or repository lacks. The finding stays
    /// the same at every place.
    #[must_use]
    pub const fn absence(mut self) -> Self {
        self.is_absence = true;
        self
    }

    /// Sets further places.
    #[must_use]
    pub fn related(mut self, places: impl IntoIterator<Item = Location>) -> Self {
        self.related.extend(places);
        self
    }

    /// Sets a change that fixes the breach and has no other effect.
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
    /// Creates a passed outcome with a location.
    #[must_use]
    pub fn passed(evidence: impl Into<String>, at: Option<&Location>) -> Self {
        Self::Passed {
            evidence: evidence.into(),
            at: at.cloned(),
        }
    }

    /// The outcome with at most low severity if it is a breach for review.
    #[must_use]
    pub fn into_guess(self) -> Self {
        match self {
            Self::Breach(breach) if breach.confidence == Confidence::Low => Self::Breach(Breach {
                is_guess: true,
                ..breach
            }),
            other => other,
        }
    }

    /// Creates an undecided outcome with its reason.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }
}

/// The outcomes of a check, with at most low severity for those to review. A rule whose findings
/// readers mostly reject wraps its outcomes in it.
#[must_use]
pub fn guesses(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.into_iter().map(Outcome::into_guess).collect()
}
