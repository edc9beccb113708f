//! Errors that Go code drops, and values from outside whose type it does not check.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go errors and assertions",
    reader: Reader::Code(&[Language::Go], read),
};

/// Functions of the standard library whose error decides whether the result may be used.
const DECIDING: &[(&str, &str)] = &[
    ("http", "NewRequest"),
    ("http", "NewRequestWithContext"),
    ("io", "ReadAll"),
    ("ioutil", "ReadAll"),
    ("json", "Marshal"),
    ("json", "Unmarshal"),
    ("strconv", "Atoi"),
    ("strconv", "ParseInt"),
    ("strconv", "ParseUint"),
    ("strconv", "ParseFloat"),
    ("strconv", "ParseBool"),
    ("url", "Parse"),
    ("time", "Parse"),
    ("time", "ParseDuration"),
    ("uuid", "Parse"),
    ("rand", "Read"),
    ("proto", "Unmarshal"),
    ("proto", "Marshal"),
];
/// Methods that change something elsewhere or decode what came from there.
const CHANGING: &[&str] = &[
    "Exec",
    "ExecContext",
    "Decode",
    "Publish",
    "PublishWithContext",
    "SendMessage",
    "WriteMessages",
    "Commit",
    "ShouldBindJSON",
    "BindJSON",
    "ShouldBind",
    "Bind",
    "Scan",
    "Ack",
    "Nack",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(
        code.root,
        &["short_var_declaration", "assignment_statement"],
    ) {
        dropped(code, node, facts);
    }
    for node in code.find_all(code.root, &["expression_statement"]) {
        let call = node.named_child(0).and_then(|call| code.call_at(call));
        if let Some(call) = call.filter(|call| is_unread(code, call)) {
            ignored(code, node, call, facts);
        }
    }
    for assertion in code.find_all(code.root, &["type_assertion_expression"]) {
        asserted(code, assertion, facts);
    }
}

fn decides(call: &Call<'_>) -> bool {
    DECIDING
        .iter()
        .any(|(package, method)| call.is(package, method))
}

/// A call as a statement of its own, whose only result is an error.
fn is_unread(code: &Code<'_>, call: &Call<'_>) -> bool {
    let decodes = call.is("json", "Unmarshal")
        || call.method == "Decode" && call.receiver.contains("NewDecoder")
        || matches!(call.method, "ShouldBindJSON" | "ShouldBind");
    let serves = matches!(call.method, "Run" | "Start")
        && code.imports_module("github.com/gin-gonic/gin")
        && code
            .binding(call.receiver)
            .is_some_and(|made| code.text(made).starts_with("gin."));
    decodes || serves || call.is("http", "ListenAndServe")
}

/// `x, _ := f()`, `_ = f()`.
fn dropped<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let (Some(left), Some(right)) = (
        node.child_by_field_name("left"),
        node.child_by_field_name("right"),
    ) else {
        return;
    };
    let Some(last) = left.named_child(
        u32::try_from(left.named_child_count())
            .unwrap_or(0)
            .saturating_sub(1),
    ) else {
        return;
    };
    let Some(call) = right.named_child(0).and_then(|call| code.call_at(call)) else {
        return;
    };
    let connected = mentions(
        call.receiver,
        &[
            "db",
            "tx",
            "conn",
            "channel",
            "ch",
            "producer",
            "publisher",
            "writer",
            "rows",
            "row",
            "msg",
            "c",
            "ctx",
            "decoder",
        ],
    ) && CHANGING.contains(&call.method);
    if code.text(last) == "_" && (decides(call) || connected) {
        ignored(code, node, call, facts);
    }
}

fn ignored<'t>(code: &Code<'t>, node: Node<'t>, call: &Call<'t>, facts: &mut FactSink<'_>) {
    if code.enclosing(node, &["defer_statement"]).is_some() {
        return;
    }
    // A literal is known to be right.
    let constant = call.arguments.len() == 1
        && call
            .positional(0)
            .is_some_and(|value| value.kind().ends_with("string_literal"));
    if constant {
        return;
    }
    // Values of the program itself can be written as JSON.
    let verdict = if call.method == "Marshal" || call.method == "Ack" {
        Verdict::Review
    } else {
        Verdict::Minor
    };
    let name = if call.receiver.len() < 40 && !call.receiver.is_empty() {
        format!("{}.{}", call.receiver, call.method)
    } else {
        call.method.to_owned()
    };
    show(
        code,
        facts,
        node,
        Practice::IgnoredError,
        verdict,
        format!("the error of `{name}` is ignored"),
    );
}

/// `m["id"].(string)` where the value was decoded from a message, a request or a file.
fn asserted<'t>(code: &Code<'t>, assertion: Node<'t>, facts: &mut FactSink<'_>) {
    let Some(operand) = assertion.child_by_field_name("operand") else {
        return;
    };
    let text = code.text(operand);
    if mentions(text, &["claims", "ctx.", "context"]) {
        return;
    }
    let outside = match operand.kind() {
        "index_expression" => true,
        "identifier" => is_untyped(code, assertion, text),
        _ => false,
    };
    if !outside {
        return;
    }
    let checked = code
        .ancestors(assertion)
        .find(|around| {
            matches!(
                around.kind(),
                "short_var_declaration" | "assignment_statement" | "var_spec" | "block"
            )
        })
        .and_then(|statement| {
            let right = statement
                .child_by_field_name("right")
                .or_else(|| statement.child_by_field_name("value"))?;
            let direct = right.named_child(0)?.id() == assertion.id();
            let left = statement
                .child_by_field_name("left")
                .or_else(|| statement.child_by_field_name("name"))?;
            Some(direct && left.named_child_count() == 2)
        })
        .unwrap_or(false);
    let (verdict, evidence) = if checked {
        (Verdict::Kept, "the type of the value is checked".to_owned())
    } else {
        (
            Verdict::Minor,
            format!("the type of `{text}` is asserted without a check, so another type panics"),
        )
    };
    show(
        code,
        facts,
        assertion,
        Practice::UncheckedValue,
        verdict,
        evidence,
    );
}

/// Whether a name is declared without a type of its own in the function: `var f interface{}`, or
/// the value of a map of such.
fn is_untyped<'t>(code: &Code<'t>, at: Node<'t>, name: &str) -> bool {
    let Some(function) = code.enclosing(at, &["function_declaration", "method_declaration"]) else {
        return false;
    };
    let text = code.text(function);
    let declared = ["interface{}", "any"]
        .iter()
        .any(|kind| text.contains(&format!("var {name} {kind}")));
    let ranged = code
        .find_all(function, &["range_clause"])
        .into_iter()
        .any(|range| {
            let left = range
                .child_by_field_name("left")
                .map_or("", |left| code.text(left));
            let right = range
                .child_by_field_name("right")
                .map_or("", |right| code.text(right));
            left.split(',').next_back().map(str::trim) == Some(name)
                && (text.contains(&format!("{right} map[string]interface{{}}"))
                    || text.contains(&format!("{right} map[string]any")))
        });
    declared || ranged
}
