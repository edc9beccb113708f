use serde_json::Value;

/// The maximum depth of a rule. Evaluation is recursive, so depth uses stack memory.
const MAX_DEPTH: usize = 32;
/// Maximum number of operations and values of a rule.
const MAX_NODES: usize = 1_000;
/// Maximum number of items of a list of constants, such as the users of `in`.
const MAX_ITEMS: usize = 10_000;
/// Maximum number of operations of an evaluation. They take a few hundredths of a second.
const MAX_STEPS: usize = 1_000_000;
/// The operators that evaluate their second argument for each item of their first one.
const LOOPS: [&str; 6] = ["all", "filter", "map", "none", "reduce", "some"];
/// The assumed length of a list that the context contains.
const CONTEXT_ITEMS: usize = 1_000;

/// Checks the size of a rule.
pub(super) fn check(rule: &Value) -> Result<(), String> {
    let mut nodes = 0;
    visit(rule, 0, &mut nodes)?;
    if steps(rule) > MAX_STEPS {
        return Err(format!(
            "the rule repeats its operations more than {MAX_STEPS} times"
        ));
    }
    Ok(())
}

/// Returns the operations of an evaluation.
fn steps(rule: &Value) -> usize {
    let sum = |items: &[Value]| {
        let items = items.iter().map(steps);
        items.fold(1, usize::saturating_add)
    };
    match rule {
        Value::Array(items) => sum(items),
        Value::Object(operations) => {
            let operations = operations.iter().map(|(name, arguments)| {
                match arguments.as_array().map(Vec::as_slice) {
                    Some([list, body, rest @ ..]) if LOOPS.contains(&name.as_str()) => {
                        let count = list.as_array().map_or(CONTEXT_ITEMS, Vec::len);
                        let repeated = steps(body).saturating_mul(count);
                        repeated
                            .saturating_add(steps(list))
                            .saturating_add(sum(rest))
                    }
                    _ => steps(arguments),
                }
            });
            operations.fold(1, usize::saturating_add)
        }
        _ => 1,
    }
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
