use crate::model::facts::{Practice, Verdict};

/// The value of `within` for a pattern of several lines that counts inside one function only.
pub(super) const ONE_FUNCTION: &str = r"\w";
/// Suffixes of the paths of JavaScript and TypeScript.
pub(super) const SCRIPT: &[&str] = &[".ts", ".js", ".mjs"];
pub(super) const GO: &[&str] = &[".go"];
pub(super) const PYTHON: &[&str] = &[".py"];
/// Types of requests and contexts that a handler in Go gets.
pub(super) const HANDLER: &str =
    r"\*gin\.Context|echo\.Context|\*fiber\.Ctx|\*http\.Request|\*app\.RequestContext";
/// Suffixes of the paths of Java and Kotlin.
pub(super) const JVM: &[&str] = &[".java", ".kt"];

/// A pattern that shows a violated practice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub(super) practice: Practice,
    pub(super) verdict: Verdict,
    /// Suffixes of the paths that are read, in lower case.
    pub(super) files: &'static [&'static str],
    /// The pattern. Its group `what`, if it has one, replaces `{}` in the evidence. A match whose
    /// group `host` is the host of the program itself does not count.
    pub(super) pattern: &'static str,
    /// A pattern of the same file that follows the practice. Empty for none.
    pub(super) unless: &'static str,
    /// A pattern of any file of the service that follows the practice. Empty for none.
    pub(super) elsewhere: &'static str,
    /// A pattern that the function around the place must contain. Empty for none.
    pub(super) within: &'static str,
    /// The evidence in one sentence.
    pub(super) evidence: &'static str,
}

/// A sign that a person has to verify.
pub(super) const fn review(
    practice: Practice,
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        practice,
        verdict: Verdict::Review,
        files,
        pattern,
        unless,
        elsewhere: "",
        within: "",
        evidence,
    }
}

impl Sign {
    /// The sign with severity low, because readers reject most of its places.
    pub(super) const fn guess(self) -> Self {
        Self {
            verdict: Verdict::Guess,
            ..self
        }
    }
}

/// A sign that counts only in functions that contain another pattern.
pub(super) const fn inside(
    practice: Practice,
    files: &'static [&'static str],
    pattern: &'static str,
    within: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        within,
        ..review(practice, files, pattern, unless, evidence)
    }
}
