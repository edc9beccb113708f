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
fn tags_of_a_rule_are_unique() {
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
fn results_with_baseline_have_their_state() {
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
fn incomplete_audit_is_not_successful() {
    let run = run(false);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(
        run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
            .as_str()
            .unwrap()
            .contains("deep.go")
    );
}

#[test]
fn github_recognizes_results_and_describes_rules() {
    let run = run(true);
    let results = run["results"].as_array().unwrap();
    let mut hashes = std::collections::BTreeSet::new();
    for result in results {
        let prints = &result["partialFingerprints"];
        let own = prints["seaworthy/v1"].as_str().unwrap();
        assert_eq!(prints["primaryLocationLineHash"], format!("{own}:1"));
        assert!(hashes.insert(own.to_owned()), "{own} is not unique");
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
        assert!(result["message"]["text"].as_str().unwrap().len() > 10);
    }
    let mut names = std::collections::BTreeSet::new();
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        let name = rule["name"].as_str().unwrap();
        assert!(names.insert(name.to_owned()));
        assert!(
            name.chars().all(|letter| letter.is_ascii_alphanumeric()),
            "{name}"
        );
        let help = rule["help"]["markdown"].as_str().unwrap();
        assert!(
            help.contains("How to fix it") && help.contains("https://"),
            "{name}"
        );
        let properties = &rule["properties"];
        assert_eq!(properties["precision"], "high");
        let tags = properties["tags"].as_array().unwrap();
        let is_security = tags.iter().any(|tag| tag == "security");
        assert_eq!(
            properties.get("security-severity").is_some(),
            is_security,
            "{name}"
        );
    }
}

/// The schema of OASIS is not in the repository. `SEAWORTHY_TEST_SARIF_SCHEMA` names a copy of
/// `sarif-schema-2.1.0.json`.
#[test]
fn report_matches_the_schema_of_oasis() {
    let Some(path) = std::env::var_os("SEAWORTHY_TEST_SARIF_SCHEMA") else {
        return;
    };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for baseline in [false, true] {
        let report: Value =
            serde_json::from_str(&sarif(&sample::report(baseline)).unwrap()).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}
