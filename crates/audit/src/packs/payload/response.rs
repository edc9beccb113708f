//! Bodies of responses of other services, which are not requests of callers.

use tree_sitter::Node;

use crate::packs::practice::mentions;
use crate::syntax::Code;

/// The response that a body comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response {
    /// Any response.
    Any,
    /// A response whose status is a failure.
    Failed,
}

const ASSIGNMENTS: &[&str] = &[
    "short_var_declaration",
    "assignment_statement",
    "variable_declarator",
    "assignment_expression",
    "assignment",
];
/// Reads of the body of a response, in lower case.
const READS: &[&str] = &[
    "resp.body",
    "res.body",
    "response.body",
    "resp.text",
    "res.text(",
    "response.text",
    "resp.json",
    "res.json(",
    "response.json",
];
/// Statuses of success, in lower case.
const SUCCESS: &[&str] = &["statusok", "statuscreated", "200", "201"];

/// The response that a variable with a body comes from: `body, err := io.ReadAll(resp.Body)`.
pub(super) fn source<'t>(code: &Code<'t>, node: Node<'t>, text: &str) -> Option<Response> {
    let name = text.trim_start_matches("string(").trim_end_matches(')');
    let function = code.function_around(node)?;
    let value = code
        .find_all(function, ASSIGNMENTS)
        .into_iter()
        .rfind(|assignment| {
            assignment.start_byte() < node.start_byte() && assigns(code, *assignment, name)
        })
        .and_then(value_of)?;
    if !mentions(code.text(value), READS) {
        return None;
    }
    let failed = code
        .ancestors(node)
        .take_while(|around| around.id() != function.id())
        .any(|around| is_branch_of_failure(code, around, node));
    Some(if failed {
        Response::Failed
    } else {
        Response::Any
    })
}

/// Whether the first name on the left side of an assignment is the name.
fn assigns<'t>(code: &Code<'t>, assignment: Node<'t>, name: &str) -> bool {
    ["left", "name"]
        .iter()
        .find_map(|field| assignment.child_by_field_name(field))
        .and_then(|left| code.text(left).split(',').next())
        .is_some_and(|first| first.trim() == name)
}

fn value_of(assignment: Node<'_>) -> Option<Node<'_>> {
    ["right", "value"]
        .iter()
        .find_map(|field| assignment.child_by_field_name(field))
}

fn is_branch_of_failure<'t>(code: &Code<'t>, branch: Node<'t>, node: Node<'t>) -> bool {
    branch.kind() == "if_statement"
        && branch
            .child_by_field_name("condition")
            .is_some_and(|condition| is_failure(code.text(condition)))
        && branch
            .child_by_field_name("consequence")
            .is_some_and(|block| {
                block.start_byte() <= node.start_byte() && node.end_byte() <= block.end_byte()
            })
}

/// Whether a condition is true for a status of failure.
fn is_failure(condition: &str) -> bool {
    let success = condition.contains("==") && mentions(condition, SUCCESS);
    mentions(condition, &["status"]) && !success
        || condition.contains(".ok") && mentions(condition, &["!res", "not res"])
}

#[cfg(test)]
mod tests {
    use super::is_failure;

    #[test]
    fn condition_decides_whether_a_response_is_a_failure() {
        for condition in [
            "resp.StatusCode != http.StatusOK",
            "resp.StatusCode >= 400",
            "(!response.ok)",
            "not res.ok",
        ] {
            assert!(is_failure(condition), "{condition}");
        }
        for condition in [
            "resp.StatusCode == http.StatusOK",
            "(response.ok)",
            "verbose",
        ] {
            assert!(!is_failure(condition), "{condition}");
        }
    }
}
