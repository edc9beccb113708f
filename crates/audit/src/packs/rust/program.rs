//! Facts of every Rust program: imports, signals, environment variables, clients.

use tree_sitter::Node;

use crate::model::facts::{EnvironmentRead, Import, Migration, OutboundCall, SignalHandling};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Rust programs",
    reader: Reader::Code(&[Language::Rust], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<SignalHandling>();
    facts.covers::<OutboundCall>();
    facts.covers::<EnvironmentRead>();
    for import in &code.imports {
        facts.add(
            Import {
                path: import.path.to_owned(),
            },
            import.span.clone(),
        );
        if ["envy", "figment", "config", "clap", "envconfig"]
            .iter()
            .any(|maker| import.path == *maker || import.path.starts_with(&format!("{maker}::")))
        {
            facts.gap::<EnvironmentRead>(
                format!("{} computes variable names", import.path),
                import.span.clone(),
            );
        }
    }
    // Inside `tokio::select!` there are tokens, not calls.
    for mark in [
        "SignalKind::terminate",
        "ctrl_c()",
        "with_graceful_shutdown",
        "serve_with_shutdown",
        "signal_hook",
        "serve_with_incoming_shutdown",
    ] {
        if let Some(at) = code.file.text.find(mark) {
            facts.add(
                SignalHandling {
                    signals: Vec::new(),
                },
                at..at + mark.len(),
            );
        }
    }
    // Paths are often written out, without a `use`.
    if let Some(at) = code.file.text.find("tonic_health::") {
        let path = "tonic_health".to_owned();
        facts.add(Import { path }, at..at + "tonic_health".len());
    }
    for call in &code.calls {
        environment(code, call, facts);
        client(code, call, facts);
        if call.method == "migrate!" && !in_tests(code, call.node) {
            facts.add(
                Migration {
                    library: "sqlx::migrate",
                    versioned: true,
                },
                code.place(call.node),
            );
        }
    }
}

/// Whether a place is inside `mod tests`, or a function marked as a test.
pub(super) fn in_tests<'t>(code: &Code<'t>, node: Node<'t>) -> bool {
    code.ancestors(node).any(|around| match around.kind() {
        "mod_item" => around
            .child_by_field_name("name")
            .is_some_and(|name| code.text(name).contains("test")),
        "function_item" => around.prev_named_sibling().is_some_and(|before| {
            before.kind() == "attribute_item" && code.text(before).contains("test")
        }),
        _ => false,
    })
}

/// `env::var("X")`, what follows it, and whether the program ends without it.
fn environment(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(call.receiver, "env" | "std::env")
        || call.method != "var"
        || in_tests(code, call.node)
    {
        return;
    }
    let Some(name) = call.positional(0) else {
        return;
    };
    let after = code
        .ancestors(call.node)
        .take(2)
        .find(|around| around.kind() == "call_expression")
        .and_then(|around| code.call_at(around));
    let (fallback, required) = match after.map(|after| (after.method, after.positional(0))) {
        Some(("unwrap_or_else" | "unwrap_or", Some(value))) => {
            let literal = code
                .find_all(value, &["string_literal"])
                .first()
                .map_or_else(
                    || Resolution::Unknown("the fallback is not a literal".to_owned()),
                    |literal| code.string(*literal),
                );
            (literal, false)
        }
        Some(("unwrap" | "expect", _)) => (
            Resolution::Absent,
            matches!(
                code.name_around(call.node),
                "main" | "from_env" | "load" | "run" | "new"
            ),
        ),
        _ => (Resolution::Absent, false),
    };
    facts.add(
        EnvironmentRead {
            name: code.string(name),
            fallback,
            required,
        },
        code.place(call.node),
    );
}

fn client(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let made = matches!(
        (call.receiver, call.method),
        ("reqwest", "get") | ("reqwest::Client" | "Client", "new" | "builder")
    );
    if !made
        || in_tests(code, call.node)
        || (call.receiver == "Client"
            && !code
                .imports
                .iter()
                .any(|import| import.path.contains("reqwest")))
    {
        return;
    }
    let text: &str = &code.file.text;
    if !text.contains("reqwest") {
        return;
    }
    let timeout = if text.contains("reqwest::blocking") {
        Resolution::Known("the blocking reqwest default, 30 s".to_owned())
    } else if text.contains(".timeout(")
        || text.contains("tokio::time::timeout")
        || text.contains("read_timeout(")
    {
        Resolution::Known("set in this file".to_owned())
    } else if call.method == "get" {
        Resolution::Absent
    } else {
        Resolution::Unknown("the code that uses the client may set a timeout".to_owned())
    };
    facts.add(
        OutboundCall {
            library: "reqwest",
            timeout,
        },
        code.place(call.node),
    );
}
