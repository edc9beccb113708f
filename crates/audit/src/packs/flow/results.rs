//! What a function does with the result of a call, and what a call may return.

use tree_sitter::Node;

use super::super::practice::mentions;
use super::super::receiver::Receivers;
use crate::source::Language;
use crate::syntax::{Call, Code};

/// Look-ups that return null or `None` if no record exists.
const LOOKUPS: &[&str] = &[
    "findOne",
    "findOneBy",
    "findUnique",
    "findFirst",
    "findById",
    "findByPk",
    "findByIdAndUpdate",
    "findOneAndUpdate",
    "first",
    "one_or_none",
    "scalar_one_or_none",
    "find_one",
    "get_or_none",
    "fetchrow",
    "fetchone",
];

/// Languages in which a look-up returns null.
fn has_null(code: &Code<'_>) -> bool {
    matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript | Language::Python | Language::Java
    )
}

/// Whether the call returns null if no record exists.
pub(super) fn is_lookup(code: &Code<'_>, call: &Call<'_>) -> bool {
    match code.file.language {
        Language::Java => {
            call.method == "orElse"
                && call
                    .positional(0)
                    .is_some_and(|value| code.text(value) == "null")
        }
        Language::Python if call.method == "get" => call.receiver.contains(".query("),
        Language::JavaScript | Language::TypeScript | Language::Python => {
            LOOKUPS.contains(&call.method)
                && !call.receiver.is_empty()
                && call.receiver != "this"
                && call.receiver != "self"
        }
        _ => false,
    }
}

/// The node around a call and what waits for it: `(await f())`.
fn awaited<'t>(node: Node<'t>) -> Node<'t> {
    let mut node = node;
    while let Some(around) = node.parent().filter(|around| {
        matches!(
            around.kind(),
            "await_expression"
                | "await"
                | "parenthesized_expression"
                | "as_expression"
                | "non_null_expression"
        )
    }) {
        node = around;
    }
    node
}

/// Whether the function returns the result of the call.
pub(super) fn is_returned<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    if !has_null(code) {
        return false;
    }
    let whole = awaited(call.node);
    whole.parent().is_some_and(|around| match around.kind() {
        "return_statement" => true,
        "arrow_function" => around
            .child_by_field_name("body")
            .is_some_and(|body| body.id() == whole.id()),
        _ => false,
    })
}

/// Whether the first use of the result is a member access: `const a = find(); a.name`.
pub(super) fn is_unchecked<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> bool {
    if !has_null(code) {
        return false;
    }
    let whole = awaited(call.node);
    let Some(around) = whole.parent() else {
        return false;
    };
    let name = match around.kind() {
        "variable_declarator" => around.child_by_field_name("name"),
        "assignment" => around.child_by_field_name("left"),
        _ => None,
    };
    let Some(name) = name.filter(|name| name.kind() == "identifier") else {
        return false;
    };
    let rest = code
        .file
        .text
        .get(around.end_byte()..function.end_byte())
        .unwrap_or_default();
    first_use(rest, code.text(name)).is_some_and(|after| {
        after.strip_prefix('.').is_some_and(|member| {
            member.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        })
    })
}

/// The text after the first use of a variable.
fn first_use<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    text.match_indices(name).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let after = text.get(at + name.len()..)?;
        let longer = after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        (!before.is_some_and(part) && !longer).then_some(after)
    })
}

/// Whether the last result of a function of Go is an error.
pub(super) fn returns_error<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    code.file.language == Language::Go
        && function
            .child_by_field_name("result")
            .is_some_and(|result| {
                let text = code.text(result).trim_end_matches([')', ' ', ',']);
                text == "error" || text.ends_with(" error") || text.ends_with("(error")
            })
}

/// Whether a function of Go returns a function: `gin.HandlerFunc`, `func()`.
pub(super) fn makes_handler<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    code.file.language == Language::Go
        && function
            .child_by_field_name("result")
            .is_some_and(|result| {
                ["HandlerFunc", "MiddlewareFunc", "http.Handler", "func("]
                    .iter()
                    .any(|kind| code.text(result).contains(kind))
            })
}

/// Types of Python whose methods wait on their thread, in lower case.
const SYNCHRONOUS: &[&str] = &[
    "httpx.client",
    "requests.session",
    "smtplib.",
    "redis.redis",
    "redis.strictredis",
    "redis.from_url",
    "pymongo.",
    "mongoclient",
    "psycopg2.",
    "boto3.",
];

/// Whether a call of Python waits on its thread.
pub(super) fn blocks(code: &Code<'_>, receivers: &Receivers<'_>, call: &Call<'_>) -> bool {
    if code.file.language != Language::Python
        || call
            .node
            .parent()
            .is_some_and(|around| around.kind() == "await")
    {
        return false;
    }
    let library = match call.receiver {
        "requests" => matches!(
            call.method,
            "get" | "post" | "put" | "patch" | "delete" | "request" | "head"
        ),
        "httpx" => matches!(call.method, "get" | "post" | "put" | "patch" | "delete"),
        "time" => call.method == "sleep",
        "subprocess" => matches!(call.method, "run" | "check_output" | "check_call" | "call"),
        "smtplib" => call.method.starts_with("SMTP"),
        _ => false,
    };
    if library {
        return true;
    }
    let Some(kind) = receivers.type_of(call.receiver) else {
        return false;
    };
    let lower = kind.to_lowercase();
    let session = kind == "Session"
        && matches!(
            call.method,
            "query" | "execute" | "commit" | "get" | "scalar" | "scalars" | "flush"
        )
        && !call.receiver.contains('(');
    session
        || mentions(&lower, SYNCHRONOUS)
            && !mentions(&lower, &["async", "aio"])
            && !mentions(&code.file.text, &["redis.asyncio", "aioredis"])
}

#[cfg(test)]
mod tests {
    use super::first_use;

    #[test]
    fn the_first_use_of_a_variable_is_not_a_part_of_a_name() {
        assert_eq!(first_use("paid.x; a.pay.y; pay.z", "pay"), Some(".z"));
        assert_eq!(
            first_use("if (!pay) return; pay.z", "pay"),
            Some(") return; pay.z")
        );
        assert_eq!(first_use("nothing", "pay"), None);
    }
}
