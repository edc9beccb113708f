//! Unfinished code, and connections to brokers that are opened once.

use super::double::is_double;
use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "unfinished code",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Rust,
            Language::Java,
            Language::Kotlin,
        ],
        read,
    ),
}];

/// Texts of failures that mean that the code is not implemented.
const UNWRITTEN: &[&str] = &[
    "implement me",
    "not implemented",
    "notimplemented",
    "unimplemented",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        stub(code, call, facts);
        connection(code, call, facts);
    }
}

fn stub(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let raises = matches!(
        call.method,
        "panic"
            | "Error"
            | "todo!"
            | "unimplemented!"
            | "UnsupportedOperationException"
            | "NotImplementedException"
    );
    if !raises
        || mentions(&code.file.path, &["mock", "stub", "abstract", "base"])
        || is_double(code, call.node)
    {
        return;
    }
    let text = code.text(call.node);
    let rust = matches!(call.method, "todo!" | "unimplemented!");
    let tests = code.file.language == Language::Rust && code.file.text.contains("#[cfg(test)]");
    if rust && !tests || mentions(text, UNWRITTEN) {
        show(
            code,
            facts,
            call.node,
            Practice::Stub,
            Verdict::LikelyBroken,
            "a call of this code always fails, because it is not written",
        );
    }
}

/// `amqp.Dial(…)` without code that handles a lost connection.
fn connection(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let go = matches!(call.receiver, "amqp" | "amqp091" | "rabbitmq")
        && matches!(call.method, "Dial" | "DialConfig" | "DialTLS");
    let node = call.method == "connect"
        && mentions(call.receiver, &["amqp"])
        && code.imports_module("amqplib");
    if !go && !node {
        return;
    }
    let text: &str = &code.file.text;
    let again = text.contains("NotifyClose")
        || mentions(
            text,
            &[
                "reconnect",
                "on('close'",
                "on(\"close\"",
                "once('close'",
                "once(\"close\"",
                "on('error'",
                "on(\"error\"",
            ],
        );
    // A sign reads listeners that open no new connection.
    if node && again && !mentions(text, &["reconnect", "settimeout", "process.exit"]) {
        return;
    }
    let (verdict, evidence) = if again {
        (Verdict::Kept, "the code handles a lost connection")
    } else {
        (
            Verdict::LikelyBroken,
            "the broker connection is opened once and never reopened",
        )
    };
    show(
        code,
        facts,
        call.node,
        Practice::Reconnect,
        verdict,
        evidence,
    );
}
