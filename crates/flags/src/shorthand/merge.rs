use serde_json::Value;

/// Replaces the fields of flags in `base` by those in `upper`, one by one. Lists are replaced.
pub(crate) fn merge(base: &mut Value, upper: &Value) {
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
