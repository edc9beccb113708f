use serde_json::{Value, json};

use crate::FILE_FIELDS;

/// Replaces the fields of flags in `base` by those in `upper`, one by one. Lists are replaced.
pub(super) fn merge(base: &mut Value, upper: &Value) {
    match (base, upper) {
        (Value::Object(base), Value::Object(upper)) => {
            for (key, value) in upper {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, upper) if !upper.is_null() => *base = upper.clone(),
        _ => {}
    }
}

/// Prepares a flag of a lower file, and the same flag of an upper one, for [`merge`]. An upper
/// `true` or `false` replaces the conditions and not the items that the flag governs, because their
/// loss would expose the governed APIs. Another strategy removes the rules of the lower file, because
/// they would otherwise combine.
pub(super) fn align(lower: &mut Value, upper: &mut Value) {
    if let Value::Bool(enabled) = *upper
        && let Some(fields) = lower.as_object_mut()
    {
        fields.retain(|name, _| FILE_FIELDS.contains(&name.as_str()));
        *upper = json!({ "enabled": enabled });
        return;
    }
    if let Value::Bool(enabled) = *lower
        && upper.is_object()
        && upper.get("state").is_none()
    {
        *lower = json!({ "enabled": enabled });
        return;
    }
    let strategy = upper.get("strategy");
    let is_same = strategy.is_none() || strategy == lower.get("strategy");
    if !is_same && let Some(fields) = lower.as_object_mut() {
        fields.remove("rules");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shorthand::Form;

    /// Returns a flag that two files define.
    fn merged(lower: Value, upper: Value) -> Value {
        let mut merged = Value::Null;
        for flag in [lower, upper] {
            let form = Form::read(&json!({ "reports": flag }), &mut Vec::new());
            form.merge_into(&mut merged);
        }
        merged["reports"].take()
    }

    #[test]
    fn upper_file_keeps_what_a_flag_governs_flag_1() {
        let lower = json!({"enabled": true, "users": ["ann"], "apis": ["GET /a"],
            "capabilities": {"apis": ["GET /b"]}, "requires": ["base"]});
        for enabled in [true, false] {
            let expected = json!({"enabled": enabled, "apis": ["GET /a"],
                "capabilities": {"apis": ["GET /b"]}, "requires": ["base"]});
            assert_eq!(merged(lower.clone(), json!(enabled)), expected);
        }
        assert_eq!(merged(json!(true), json!(false)), false);
        let owned = merged(json!(true), json!({"owner": "team"}));
        assert_eq!(owned, json!({"enabled": true, "owner": "team"}));
        let variants = json!({"state": "ENABLED", "variants": {"on": true}});
        assert_eq!(merged(json!(true), variants.clone()), variants);
    }

    #[test]
    fn rules_of_another_strategy_replace_all_rules_flag_1() {
        let half =
            json!({"strategy": "percentage", "rules": {"percentage": 50, "sticky_by": "device"}});
        let testers = json!({"strategy": "user", "rules": {"whitelist": ["ann"]}});
        assert_eq!(merged(half.clone(), testers.clone()), testers);
        let window = json!({"strategy": "time", "from": "2027-01-01"});
        assert_eq!(merged(half.clone(), window.clone()), window);
        let five = json!({"strategy": "percentage", "rules": {"percentage": 5}});
        assert_eq!(
            merged(half, five),
            json!({"strategy": "percentage", "rules": {"percentage": 5, "sticky_by": "device"}})
        );
    }
}
