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

/// The node around a call and its `await`: `(await f())`.
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

/// The variable that gets the result of a call.
pub(super) fn bound<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<&'t str> {
    super::super::record::bound(code, call)
}

/// Methods of promises and observables, which exist even if no record is found.
const OF_RESULTS: &[&str] = &["then", "catch", "finally", "toPromise", "subscribe", "pipe"];

/// Whether the result of a call is used at once: `find(id).getStatus()`, `(await find(id)).status`.
fn is_chained<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    let whole = awaited(call.node);
    let Some(around) = whole.parent() else {
        return false;
    };
    let (object, member) = match around.kind() {
        "method_invocation" => ("object", "name"),
        "member_expression" => ("object", "property"),
        "attribute" => ("object", "attribute"),
        "field_access" => ("object", "field"),
        _ => return false,
    };
    // The call returns a promise, which is never null.
    let is_promise = matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    ) && whole.id() == call.node.id();
    let is_object = around
        .child_by_field_name(object)
        .is_some_and(|node| node.id() == whole.id());
    let name = around
        .child_by_field_name(member)
        .map_or("", |node| code.text(node));
    let between = code
        .file
        .text
        .get(whole.end_byte()..around.end_byte())
        .unwrap_or_default();
    is_object
        && !is_promise
        && !OF_RESULTS.contains(&name)
        && !between.trim_start().starts_with('?')
}

/// Java result types that are never null.
const NEVER_NULL: &[&str] = &[
    "Optional",
    "List",
    "Page",
    "Slice",
    "Set",
    "Collection",
    "Iterable",
    "Stream",
    "boolean",
    "int",
    "long",
    "void",
    "Boolean",
    "Long",
    "Mono",
    "Flux",
    "Map",
    "Integer",
];

/// Whether a method of a Spring Data repository returns null for an unknown record.
fn is_derived_query<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    code.file.language == Language::Java
        && function.child_by_field_name("body").is_none()
        && ["find", "get"].iter().any(|verb| {
            function
                .child_by_field_name("name")
                .is_some_and(|name| code.text(name).starts_with(verb))
        })
        && function.child_by_field_name("type").is_some_and(|kind| {
            !NEVER_NULL
                .iter()
                .any(|never| code.text(kind).starts_with(never))
        })
        && code
            .enclosing(function, &["interface_declaration"])
            .is_some_and(|interface| {
                let head = code.text(interface).split('{').next().unwrap_or_default();
                head.contains("Repository<")
            })
}

/// Whether the function returns the result of the call.
pub(super) fn is_returned<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    if code.file.language == Language::Go {
        return call.node.parent().is_some_and(|around| {
            around.kind() == "expression_list"
                && around
                    .parent()
                    .is_some_and(|statement| statement.kind() == "return_statement")
        });
    }
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
    if code.file.language == Language::Go {
        return is_read_unchecked(code, function, call);
    }
    if !has_null(code) {
        return false;
    }
    if is_chained(code, call) {
        return true;
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

/// Whether a function of Go reads a field of a result, and compares the result with nil nowhere.
fn is_read_unchecked<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> bool {
    let Some(set) = call
        .node
        .parent()
        .and_then(|list| list.parent())
        .filter(|set| matches!(set.kind(), "short_var_declaration" | "assignment_statement"))
    else {
        return false;
    };
    let left = set
        .child_by_field_name("left")
        .map_or("", |left| code.text(left));
    let Some((name, error)) = left.split_once(',') else {
        return false;
    };
    let name = name.trim();
    if name == "_" || error.contains(',') || !error.trim().starts_with("err") {
        return false;
    }
    let rest = code
        .file
        .text
        .get(set.end_byte()..function.end_byte())
        .unwrap_or_default();
    let compared = [format!("{name} == nil"), format!("{name} != nil")]
        .iter()
        .any(|text| rest.contains(text));
    !compared
        && first_use(rest, name).is_some_and(|after| {
            after.strip_prefix('.').is_some_and(|member| {
                let end = member
                    .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                    .unwrap_or(member.len());
                // A method may accept nil, as getters of messages do.
                !member
                    .get(end..)
                    .is_some_and(|after| after.starts_with('('))
            })
        })
}

/// Whether a function returns neither a record nor an error for an unknown record.
pub(super) fn returns_nothing<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    is_derived_query(code, function)
        || code.file.language == Language::Go
            && code
                .find_all(function, &["return_statement"])
                .into_iter()
                .any(|statement| code.text(statement) == "return nil, nil")
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
