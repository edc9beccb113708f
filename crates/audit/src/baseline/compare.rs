//! Compares findings with a baseline: new, remaining, fixed.

use std::collections::BTreeSet;

use super::{Baseline, BaselineEntry};
use crate::report::Report;

/// The comparison of a report with a baseline.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Fingerprints of findings that the baseline does not have.
    pub new: BTreeSet<String>,
    /// Fingerprints of findings that the baseline has.
    pub remaining: BTreeSet<String>,
    /// Known findings that are fixed.
    pub fixed: Vec<BaselineEntry>,
    /// Known findings that were not found, but may not be fixed: the rule could not decide, they
    /// were suppressed, or the audit is incomplete.
    pub undecided: Vec<BaselineEntry>,
}

pub(crate) fn compare(report: &Report, baseline: &Baseline) -> Comparison {
    let known: BTreeSet<&str> = baseline
        .findings
        .iter()
        .map(|entry| entry.fingerprint.as_str())
        .collect();
    let open: BTreeSet<&str> = report
        .findings
        .iter()
        .map(|finding| finding.fingerprint.as_str())
        .collect();
    let (remaining, new) = open
        .iter()
        .map(|fingerprint| (*fingerprint).to_owned())
        .partition(|fingerprint| known.contains(fingerprint.as_str()));
    let suppressed: BTreeSet<&str> = report
        .suppressed
        .iter()
        .map(|suppressed| suppressed.finding.fingerprint.as_str())
        .collect();
    let undecided = |entry: &BaselineEntry| {
        !report.incomplete.is_empty()
            || suppressed.contains(entry.fingerprint.as_str())
            || report
                .unknown
                .iter()
                .any(|unknown| unknown.id == entry.id && unknown.service == entry.service)
            || report.switched_off.iter().any(|off| off.id == entry.id)
    };
    let (undecided, fixed) = baseline
        .findings
        .iter()
        .filter(|entry| !open.contains(entry.fingerprint.as_str()))
        .cloned()
        .partition(undecided);
    Comparison {
        new,
        remaining,
        fixed,
        undecided,
    }
}
