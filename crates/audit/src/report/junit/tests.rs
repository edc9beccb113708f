use quick_xml::Reader;
use quick_xml::events::Event;

use super::junit;
use crate::report::sample;

/// Counts elements by name. Panics if the text is not well-formed XML.
fn elements(text: &str) -> std::collections::BTreeMap<String, usize> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut counts = std::collections::BTreeMap::new();
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                depth += 1;
                *counts
                    .entry(String::from_utf8(element.name().as_ref().to_vec()).unwrap())
                    .or_default() += 1;
                for attribute in element.attributes() {
                    attribute.unwrap();
                }
            }
            Event::Empty(element) => {
                *counts
                    .entry(String::from_utf8(element.name().as_ref().to_vec()).unwrap())
                    .or_default() += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    counts
}

#[test]
fn findings_are_failures_and_undecided_checks_are_skipped() {
    let report = sample::report(false);
    let counts = elements(&junit(&report).unwrap());
    assert!(report.reviews() > 0);
    assert_eq!(counts["failure"], report.findings.len() - report.reviews());
    assert_eq!(
        counts["skipped"],
        report.unknown.len()
            + report.suppressed.len()
            + report.reviews()
            + report.not_audited.len()
    );
    assert_eq!(counts["error"], report.incomplete.len());
    assert!(!counts.contains_key("img"));
}

#[test]
fn beside_a_baseline_only_new_findings_are_failures() {
    let report = sample::report(true);
    let counts = elements(&junit(&report).unwrap());
    assert_eq!(
        counts["failure"],
        report.comparison.as_ref().unwrap().new.len()
    );
}
