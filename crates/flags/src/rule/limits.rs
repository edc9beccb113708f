use serde_json::Value;

/// The maximum depth of a rule. Evaluation is recursive.
const MAX_DEPTH: usize = 32;
/// Maximum number of operations and values of a rule.
const MAX_NODES: usize = 1_000;
/// Maximum number of items of a list of constants, such as the users of `in`.
const MAX_ITEMS: usize = 10_000;

/// Checks the size of a rule.
pub(super) fn check(rule: &Value) -> Result<(), String> {
    let mut nodes = 0;
    visit(rule, 0, &mut nodes)
}

fn visit(rule: &Value, depth: usize, nodes: &mut usize) -> Result<(), String> {
    *nodes += 1;
    if *nodes > MAX_NODES {
        return Err(format!("the rule has more than {MAX_NODES} operations"));
    }
    if depth > MAX_DEPTH {
        return Err(format!("the rule is nested deeper than {MAX_DEPTH} levels"));
    }
    match rule {
        Value::Array(items) if items.iter().all(is_constant) => {
            if items.len() > MAX_ITEMS {
                return Err(format!(
                    "a list of the rule has more than {MAX_ITEMS} items"
                ));
            }
            Ok(())
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| visit(item, depth + 1, nodes)),
        Value::Object(entries) => entries
            .values()
            .try_for_each(|item| visit(item, depth + 1, nodes)),
        _ => Ok(()),
    }
}

fn is_constant(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}
