//! Addresses that Rust servers listen on, their time limits, and how long their stop takes.

use tree_sitter::Node;

use super::program::in_tests;
use crate::model::facts::{Drain, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::{listener, listener_of};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Rust listeners",
    reader: Reader::Code(&[Language::Rust], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let text: &str = &code.file.text;
    let (axum, actix, tonic) = (
        text.contains("axum"),
        text.contains("actix_web"),
        text.contains("tonic"),
    );
    if !(axum || actix || tonic) {
        return;
    }
    for call in &code.calls {
        match call.method {
            "bind" if call.receiver.ends_with("TcpListener") => bound(code, call, facts),
            "bind" | "bind_rustls" | "bind_openssl" | "bind_auto_h2c" if actix => {
                bound(code, call, facts)
            }
            "serve" if axum && call.receiver == "axum" && !in_tests(code, call.node) => show(
                code,
                facts,
                call.node,
                Practice::ServerTimeouts,
                Verdict::Minor,
                "`axum::serve` has no header timeout",
            ),
            "serve" | "serve_with_shutdown"
                if tonic && call.receiver.contains("Server::builder") =>
            {
                bound(code, call, facts);
                grpc(code, call, facts);
            }
            "new" if actix && call.receiver == "HttpServer" => actix_server(code, call, facts),
            "shutdown_timeout" if actix => drain(code, call, facts),
            _ => {}
        }
    }
}

/// The first argument: text, `("0.0.0.0", 80)`, `([0, 0, 0, 0], 80)` or text that is parsed.
fn bound(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(address) = call
        .positional(0)
        .filter(|_| !in_tests(code, call.node))
        .map(|address| code.follow(address))
    else {
        return;
    };
    let pair = if address.kind() == "tuple_expression" {
        Some(address)
    } else {
        code.find_all(address, &["tuple_expression"])
            .first()
            .copied()
    };
    let found = match pair.and_then(|pair| Some((pair.named_child(0)?, pair.named_child(1)?))) {
        Some((host, port)) => listener_of(host_of(code, host), number(code, port)),
        None => listener(address_text(code, address)),
    };
    facts.add(found, code.place(call.node));
}

fn host_of<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<String> {
    if node.kind() != "array_expression" {
        return code.string(node);
    }
    let parts = code.text(node).trim_matches(['[', ']']);
    Resolution::Known(
        parts
            .split(',')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("."),
    )
}

fn number<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<String> {
    let node = code.follow(node);
    if node.kind() == "integer_literal" {
        Resolution::Known(code.text(node).trim_end_matches("u16").to_owned())
    } else {
        Resolution::Unknown("the port is a setting".to_owned())
    }
}

/// A literal, also where it is parsed: `"[::1]:50051".parse()?`.
fn address_text<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<String> {
    let direct = code.string(node);
    if !direct.is_unknown() {
        return direct;
    }
    let parsed = code.text(node).contains(".parse");
    match code.find_all(node, &["string_literal"]).as_slice() {
        [only] if parsed => code.string(*only),
        _ => direct,
    }
}

/// HTTP/1 headers are bounded by hyper, whose timer tonic sets.
fn grpc(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    show(
        code,
        facts,
        call.node,
        Practice::ServerTimeouts,
        Verdict::Kept,
        "tonic has a header timeout",
    );
}

fn actix_server(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let endless = [
        "client_request_timeout(Duration::ZERO)",
        "client_request_timeout(Duration::from_secs(0))",
    ]
    .iter()
    .any(|off| code.file.text.contains(off));
    let (verdict, evidence) = if endless {
        (
            Verdict::Broken,
            "the header timeout of Actix Web is disabled",
        )
    } else {
        (
            Verdict::Kept,
            "Actix Web has a header timeout (`client_request_timeout`, default 5 s)",
        )
    };
    show(
        code,
        facts,
        call.node,
        Practice::ServerTimeouts,
        verdict,
        evidence,
    );
}

/// `HttpServer::new(…).shutdown_timeout(10)`.
fn drain(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(seconds) = call.positional(0) else {
        return;
    };
    let seconds = match number(code, seconds) {
        Resolution::Known(text) => text.parse().map_or_else(
            |_| Resolution::Unknown("the time is a setting".to_owned()),
            Resolution::Known,
        ),
        _ => Resolution::Unknown("the time is a setting".to_owned()),
    };
    facts.add(Drain { seconds }, code.place(call.node));
}
