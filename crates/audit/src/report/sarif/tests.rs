use serde_json::Value;

use super::sarif;
use crate::report::sample;

fn run(baseline: bool) -> Value {
    let document: Value = serde_json::from_str(&sarif(&sample::report(baseline)).unwrap()).unwrap();
    assert_eq!(document["version"], "2.1.0");
    document["runs"][0].clone()
}

#[test]
fn every_result_has_its_rule_its_place_and_its_fingerprint() {
    let run = run(false);
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(
            run["tool"]["driver"]["rules"][index]["id"],
            result["ruleId"]
        );
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        let position = |line: &str, column: &str| {
            (
                region[line].as_u64().unwrap(),
                region[column].as_u64().unwrap(),
            )
        };
        assert!(position("startLine", "startColumn") <= position("endLine", "endColumn"));
        assert!(position("startLine", "startColumn") >= (1, 1));
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.contains(['<', '|', '`', ' ']), "{uri}");
        assert_eq!(
            result["partialFingerprints"]["seaworthy/v1"]
                .as_str()
                .unwrap()
                .len(),
            16
        );
    }
}

#[test]
fn likely_findings_are_notes_for_review() {
    let run = run(false);
    let reviewed: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["ruleId"] == sample::REVIEWED)
        .collect();
    assert_eq!(reviewed.len(), 1);
    assert_eq!(reviewed[0]["level"], "note");
    assert_eq!(reviewed[0]["properties"]["review"], true);
    let text = reviewed[0]["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("To review: "), "{text}");
}

#[test]
fn no_tag_of_a_rule_stands_twice() {
    for rule in run(false)["tool"]["driver"]["rules"].as_array().unwrap() {
        let tags = rule["properties"]["tags"].as_array().unwrap();
        let set: std::collections::BTreeSet<_> = tags.iter().map(Value::to_string).collect();
        assert_eq!(set.len(), tags.len(), "{rule}");
    }
}

#[test]
fn a_suppressed_finding_carries_its_justification() {
    let run = run(false);
    let suppressed: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| result["suppressions"].get(0))
        .collect();
    assert_eq!(suppressed[0]["justification"], "the platform maps the user");
    assert_eq!(suppressed[0]["kind"], "inSource");
}

#[test]
fn beside_a_baseline_every_open_result_says_whether_it_is_new() {
    let run = run(true);
    let states: std::collections::BTreeSet<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| result["baselineState"].as_str())
        .collect();
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        ["absent", "new", "unchanged"]
    );
}

#[test]
fn an_incomplete_audit_is_no_success() {
    let run = run(false);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(
        run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
            .as_str()
            .unwrap()
            .contains("deep.go")
    );
}
