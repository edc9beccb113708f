use std::fmt::Write as _;

use super::violation::Violation;

/// Returns the violations as text for the terminal.
#[must_use]
pub fn text(violations: &[Violation]) -> String {
    let mut text = String::new();
    for violation in violations {
        let Violation {
            id,
            key,
            origin,
            why,
            fix,
        } = violation;
        let _ = write!(
            text,
            "{id:<8}{key}  ({origin})\n        why: {why}\n        fix: {fix}\n\n"
        );
    }
    text
}

/// Returns the violations as JSON: `{"violations": [{"id", "key", "origin", "why", "fix"}]}`.
#[must_use]
pub fn json(violations: &[Violation]) -> serde_json::Value {
    serde_json::json!({ "violations": violations })
}

/// Logs how many settings production would reject. `config check` lists them.
pub(crate) fn warn(violations: &[Violation]) {
    if !violations.is_empty() {
        tracing::warn!(
            count = violations.len(),
            "production would reject some settings: run `config check` to list them"
        );
    }
}
