//! Calls whose failures all get a 4xx response, even if a dependency is down.

use tree_sitter::Node;

use super::super::practice::mentions;
use crate::source::Language;
use crate::syntax::{Call, Code};

/// 4xx statuses, and errors that become a 4xx status.
const BLAMES: &[&str] = &[
    // Go.
    "StatusBadRequest",
    "StatusNotFound",
    "StatusUnauthorized",
    "StatusForbidden",
    "StatusConflict",
    "StatusUnprocessableEntity",
    "codes.NotFound",
    "codes.InvalidArgument",
    "codes.Unauthenticated",
    "codes.PermissionDenied",
    "codes.AlreadyExists",
    // JavaScript and TypeScript.
    "sendStatus(4",
    "new UnauthorizedError(",
    "new NotFoundError(",
    "new BadRequestError(",
    "new ForbiddenError(",
    "createError(4",
    "createHttpError(4",
    // Python.
    "status_code=4",
    "HTTP_400",
    "HTTP_401",
    "HTTP_403",
    "HTTP_404",
    "HTTP_409",
    "abort(4",
];
/// Texts in code that distinguishes failures, or that responds to an outage with a 5xx status.
const DISTINGUISHES: &[&str] = &[
    "errors.Is",
    "errors.As",
    "switch",
    "if ",
    "InternalServerError",
    "Status5",
    "StatusServiceUnavailable",
    "StatusBadGateway",
    "codes.Internal",
    "codes.Unavailable",
    "instanceof",
    "isinstance",
    ".status ==",
    ".code ==",
    "isAxiosError",
    "status.Convert",
    "status.FromError",
    "status.Code(",
    "response.status",
    "_50",
    "status_code=50",
];
/// Names of functions that check a text or a token and do not call another system.
const LOCAL: &[&str] = &[
    "valid",
    "parse",
    "bind",
    "decode",
    "unmarshal",
    "verify",
    "compare",
    "check",
    "authoriz",
];

/// Whether the function responds to each failure of a call with a 4xx status.
pub(super) fn hides<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> bool {
    if mentions(call.method, LOCAL) && !is_remote(code, call) {
        return false;
    }
    let block = match code.file.language {
        Language::Go => after_error(code, call),
        Language::JavaScript | Language::TypeScript => {
            caught(code, function, call, "try_statement", "catch_clause")
        }
        Language::Python => caught(code, function, call, "try_statement", "except_clause"),
        _ => None,
    };
    block.is_some_and(|block| {
        BLAMES.iter().any(|status| block.contains(status))
            && !DISTINGUISHES.iter().any(|word| block.contains(word))
    })
}

/// Whether a call of Go passes a context and a message: the method of a gRPC client.
fn is_remote<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    code.file.language == Language::Go
        && call.positional(0).is_some_and(|value| {
            let text = code.text(value);
            text.contains("ctx") || text.ends_with("Context()")
        })
        && call
            .positional(1)
            .is_some_and(|value| code.text(value).starts_with('&'))
}

/// The block of Go that runs if the call returns an error.
fn after_error<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<&'t str> {
    let mut statement = call.node.parent()?;
    if statement.kind() == "expression_list" {
        statement = statement.parent()?;
    }
    if !matches!(
        statement.kind(),
        "short_var_declaration" | "assignment_statement"
    ) {
        return None;
    }
    let around = statement.parent()?;
    let branch = if around.kind() == "if_statement" {
        around
    } else {
        statement
            .next_named_sibling()
            .filter(|next| next.kind() == "if_statement")?
    };
    let condition = code.text(branch.child_by_field_name("condition")?);
    let plain = condition.starts_with("err") && condition.ends_with("!= nil");
    (plain
        && !condition.contains(['&', '|'])
        && branch.child_by_field_name("alternative").is_none())
    .then(|| branch.child_by_field_name("consequence"))?
    .map(|block| code.text(block))
}

/// The only block that catches the failure of a call.
fn caught<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    call: &Call<'t>,
    tries: &str,
    catches: &str,
) -> Option<&'t str> {
    let around = code
        .ancestors(call.node)
        .take_while(|around| around.id() != function.id())
        .find(|around| around.kind() == tries)?;
    let body = around.child_by_field_name("body")?;
    if !(body.start_byte()..body.end_byte()).contains(&call.node.start_byte()) {
        return None;
    }
    let mut cursor = around.walk();
    let mut blocks = around
        .named_children(&mut cursor)
        .filter(|child| child.kind() == catches);
    let block = blocks.next()?;
    blocks.next().is_none().then(|| code.text(block))
}
