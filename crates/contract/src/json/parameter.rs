//! Sets fields from path variables and query parameters, for generated code and the router.

use super::{JsonMessage, ParameterKind};
use crate::Violations;

/// The maximum names in the path of a parameter, such as 2 in `filter.label`. Each name costs a
/// stack frame and may create a message, so the limit is below those of JSON (128) and protobuf
/// (100). `seaworthy-contract-build` rejects path variables beyond the same limit.
pub const MAX_PARAMETER_DEPTH: usize = 32;

/// Sets the field at `path`, such as `filter.label`, from text. Returns whether the field exists.
///
/// A path of more than [`MAX_PARAMETER_DEPTH`] names whose first name is a field is a violation.
pub fn set<M: JsonMessage>(
    message: &mut M,
    path: &str,
    text: &str,
    violations: &mut Violations,
) -> bool {
    let is_too_deep = path.split('.').nth(MAX_PARAMETER_DEPTH).is_some();
    if is_too_deep {
        let name = path.split('.').next().unwrap_or_default();
        let Some(field) = M::field(name).and_then(|index| M::FIELDS.get(index)) else {
            return false;
        };
        violations.within(field, |violations| {
            violations.add(format!(
                "a parameter must not have more than {MAX_PARAMETER_DEPTH} names separated by dots"
            ));
        });
        return true;
    }
    descend(message, path, text, violations)
}

/// Follows a path whose depth [`set`] has checked.
fn descend<M: JsonMessage>(
    message: &mut M,
    path: &str,
    text: &str,
    violations: &mut Violations,
) -> bool {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(index) = M::field(name) else {
        return false;
    };
    let Some(field) = M::FIELDS.get(index) else {
        return false;
    };
    violations.within(field, |violations| {
        message.decode_parameter(index, rest, text, violations)
    })
}

/// Sets a field without presence.
pub fn singular<K: ParameterKind>(
    slot: &mut K::Value,
    rest: Option<&str>,
    text: &str,
    violations: &mut Violations,
) -> bool {
    if rest.is_some() {
        return false;
    }
    if let Some(value) = once::<K>(text, violations) {
        *slot = value;
    }
    true
}

/// Sets a field with presence.
pub fn optional<K: ParameterKind>(
    slot: &mut Option<K::Value>,
    rest: Option<&str>,
    text: &str,
    violations: &mut Violations,
) -> bool {
    if rest.is_some() {
        return false;
    }
    if let Some(value) = once::<K>(text, violations) {
        *slot = Some(value);
    }
    true
}

/// Adds an element to a list.
pub fn repeated<K: ParameterKind>(
    slot: &mut Vec<K::Value>,
    rest: Option<&str>,
    text: &str,
    violations: &mut Violations,
) -> bool {
    if rest.is_some() {
        return false;
    }
    violations.within_index(slot.len(), |violations| match K::parameter(text) {
        Ok(value) => slot.push(value),
        Err(rejection) => {
            violations.add(rejection);
            slot.push(K::Value::default());
        }
    });
    true
}

/// Sets a field inside a message.
pub fn message<M: JsonMessage>(
    slot: &mut Option<M>,
    rest: Option<&str>,
    text: &str,
    violations: &mut Violations,
) -> bool {
    let Some(rest) = rest else {
        return false;
    };
    if let Some(inner) = slot {
        return descend(inner, rest, text, violations);
    }
    let mut inner = M::default();
    let known = descend(&mut inner, rest, text, violations);
    if known {
        *slot = Some(inner);
    }
    known
}

/// Sets a member of a oneof.
pub fn oneof<K: ParameterKind, O>(
    slot: &mut Option<O>,
    variant: impl FnOnce(K::Value) -> O,
    rest: Option<&str>,
    text: &str,
    violations: &mut Violations,
) -> bool {
    if rest.is_some() {
        return false;
    }
    if let Some(value) = once::<K>(text, violations) {
        if slot.is_some() {
            violations.add("another field of the same oneof is given");
        } else {
            *slot = Some(variant(value));
        }
    }
    true
}

fn once<K: ParameterKind>(text: &str, violations: &mut Violations) -> Option<K::Value> {
    if !violations.give() {
        violations.add("given more than once");
        return None;
    }
    match K::parameter(text) {
        Ok(value) => Some(value),
        Err(rejection) => {
            violations.add(rejection);
            None
        }
    }
}
