//! `net/http` as a client.

use crate::model::facts::{OutboundCall, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;
use tree_sitter::Node;

pub(super) const PACK: Pack = Pack {
    name: "net/http client",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module("net/http") {
        return;
    }
    facts.covers::<OutboundCall>();
    for node in code.find_all(code.root, &["selector_expression"]) {
        if code.text(node) == "http.DefaultClient" {
            default_client(code, node, facts);
        }
    }
    for call in &code.calls {
        if call.receiver == "http" && matches!(call.method, "Get" | "Post" | "PostForm" | "Head") {
            facts.add(
                OutboundCall {
                    library: "net/http default client",
                    timeout: Resolution::Absent,
                },
                code.place(call.node),
            );
        }
    }
    for (name, node) in &code.composites {
        if *name != "http.Client" {
            continue;
        }
        let Some(fields) = code.fields(*node) else {
            continue;
        };
        let has = |field: &str| fields.iter().any(|(key, _)| *key == field);
        let timeout = if let Some((_, value)) = fields.iter().find(|(key, _)| *key == "Timeout") {
            if code.text(*value) == "0" {
                Resolution::Absent
            } else {
                Resolution::Known(code.text(*value).to_owned())
            }
        } else if code.file.text.contains(".Timeout = ") {
            Resolution::Known("set after construction".to_owned())
        } else if has("Transport") {
            Resolution::Unknown("the transport may set a timeout".to_owned())
        } else if code.file.text.contains("WithContext(")
            || code.file.text.contains("context.WithTimeout")
        {
            Resolution::Unknown("the request context may have a deadline".to_owned())
        } else if code
            .enclosing(
                *node,
                &[
                    "return_statement",
                    "argument_list",
                    "keyed_element",
                    "short_var_declaration",
                    "assignment_statement",
                    "var_spec",
                    "block",
                ],
            )
            .is_some_and(|around| {
                matches!(
                    around.kind(),
                    "return_statement" | "argument_list" | "keyed_element"
                )
            })
        {
            Resolution::Unknown("the caller of this constructor may set a timeout".to_owned())
        } else {
            Resolution::Absent
        };
        if timeout.is_unknown() && !code.file.text.contains("imeout") {
            show(
                code,
                facts,
                *node,
                Practice::OutboundTimeout,
                Verdict::Review,
                "the client has no `Timeout`, and no code in this file sets one",
            );
            continue;
        }
        facts.add(
            OutboundCall {
                library: "net/http",
                timeout,
            },
            code.place(*node),
        );
    }
}

/// `http.DefaultClient.Do(request)`, or the default client as a value. A deadline of the request's
/// context bounds the call, a context of the caller may.
fn default_client<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let function = code.enclosing(node, &["function_declaration", "method_declaration"]);
    let text = function.map_or("", |function| code.text(function));
    let (verdict, evidence) = if text.contains("context.WithTimeout(")
        || text.contains("context.WithDeadline(")
        || code.file.text.contains("http.DefaultClient.Timeout =")
    {
        (Verdict::Kept, "the request has a deadline")
    } else if text.contains("NewRequestWithContext(") || text.contains(".WithContext(") {
        (
            Verdict::Minor,
            "the default client has no timeout, and only the context of the caller can end the call",
        )
    } else {
        (Verdict::LikelyBroken, "the default client has no timeout")
    };
    show(
        code,
        facts,
        node,
        Practice::OutboundTimeout,
        verdict,
        evidence,
    );
}
