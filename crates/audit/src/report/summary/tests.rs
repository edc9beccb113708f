use super::Verdict;
use crate::report::sample;
use crate::rule::{Confidence, FailOn, Severity};

#[test]
fn likely_findings_fail_no_audit() {
    let mut report = sample::report(false);
    let low = FailOn::Severity(Severity::Low);
    assert!(report.fails(low));
    report.findings.retain(|finding| finding.is_review());
    assert_eq!(report.findings.len(), 1);
    assert!(!report.fails(low));
    assert_eq!((report.reviews(), report.count(Severity::Medium)), (1, 0));
    for finding in &mut report.findings {
        finding.confidence = Confidence::Medium;
    }
    assert!(report.fails(low));
}

#[test]
fn verdicts_have_different_sentences() {
    let all = [
        Verdict::Ready,
        Verdict::ReadyWithConditions,
        Verdict::NotReady,
        Verdict::Undecided,
        Verdict::PartlyAudited,
    ];
    let sentences: std::collections::BTreeSet<_> =
        all.iter().map(|verdict| verdict.sentence()).collect();
    assert_eq!(sentences.len(), all.len());
}
