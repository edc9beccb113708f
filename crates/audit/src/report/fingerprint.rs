//! Fingerprints that survive moved lines: rule, path, enclosing symbol, and a hash of the snippet
//! without credentials.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Finding, Frame};
use crate::source::Location;

/// Length of a fingerprint, in bytes: 64 bits distinguish findings and are readable.
const BYTES: usize = 8;

/// Returns the fingerprint of a finding. [`separate`] distinguishes equal snippets in one symbol.
pub(crate) fn of(id: &str, at: &Location, frame: &Frame) -> String {
    let snippet = frame.snippet();
    hash(&[
        id,
        &at.path,
        at.symbol.as_deref().unwrap_or_default(),
        &snippet,
    ])
}

/// The fingerprint of something absent from a service or, without a name, from the repository.
pub(crate) fn of_absence(id: &str, service: &str) -> String {
    hash(&[id, "absence", service])
}

/// Gives the second and later finding of equal fingerprint an ordinal, in order of place.
pub(crate) fn separate(findings: &mut [Finding]) {
    findings.sort_by(|left, right| {
        (left.id, &left.path, left.line, left.column).cmp(&(
            right.id,
            &right.path,
            right.line,
            right.column,
        ))
    });
    let mut counts: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let count = counts.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            finding.fingerprint = hash(&[&finding.fingerprint, &count.to_string()]);
        }
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher
        .finalize()
        .iter()
        .take(BYTES)
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
