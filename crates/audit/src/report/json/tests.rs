use serde_json::Value;

use super::{JSON_SCHEMA, json};
use crate::report::sample;

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn full_report_matches_committed_schema() {
    let validator = validator();
    for baseline in [false, true] {
        let report: Value =
            serde_json::from_str(&json(&sample::report(baseline)).unwrap()).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        for part in [
            "suppressed",
            "switched_off",
            "notices",
            "incomplete",
            "left_out",
        ] {
            assert!(report.get(part).is_some(), "the sample has no {part}");
        }
        assert_eq!(report.get("baseline").is_some(), baseline);
        assert_eq!(report.get("changes").is_some(), baseline);
    }
}

#[test]
fn schema_rejects_extra_and_missing_fields() {
    let validator = validator();
    let valid: Value = serde_json::from_str(&json(&sample::report(false)).unwrap()).unwrap();
    let mut more = valid.clone();
    more["findings"][0]["extra"] = Value::Bool(true);
    let mut fewer = valid;
    fewer["findings"][0]
        .as_object_mut()
        .unwrap()
        .remove("fingerprint");
    assert!(!validator.is_valid(&more) && !validator.is_valid(&fewer));
}
