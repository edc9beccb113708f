//! Practices of Java and Kotlin code: timeouts that no client uses, filters that respond with 500,
//! routes for debugging, and the identity that callers claim.

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::exposed::{SECRET_WORDS, debug_route, identity};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Java practices",
    reader: Reader::Code(&[Language::Java, Language::Kotlin], read),
};

/// Methods that set a time limit on an object for a client.
const LIMITING: &[&str] = &[
    "setConnectionTimeout",
    "setSoTimeout",
    "setConnectTimeout",
    "setReadTimeout",
    "setSocketTimeout",
    "setConnectionRequestTimeout",
    "setResponseTimeout",
];
const FILTERS: &[&str] = &["doFilter", "doFilterInternal", "preHandle", "intercept"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        if LIMITING.contains(&call.method) {
            unused_limit(code, call, facts);
        }
        if matches!(
            call.method,
            "@GetMapping" | "@PostMapping" | "@RequestMapping" | "@GET" | "@Path"
        ) {
            route(code, call, facts);
        }
        if call.method == "@RequestHeader" || call.method == "getHeader" {
            let name = call
                .positional(0)
                .or_else(|| call.keyword("value"))
                .or_else(|| call.keyword("name"));
            if let Some(Resolution::Known(name)) = name.map(|name| code.string(name)) {
                identity(code, call.node, &name, facts);
            }
        }
        if call.method == "Random" && call.receiver.is_empty() {
            let around = code.name_around(call.node).to_lowercase();
            if mentions(&around, SECRET_WORDS) {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::WeakRandom,
                    Verdict::LikelyBroken,
                    "`Random` is predictable, and the value is used as a secret",
                );
            }
        }
    }
    for thrown in code.find_all(code.root, &["throw_statement"]) {
        let text = code.text(thrown);
        let plain = [
            "ServletException",
            "RuntimeException",
            "IllegalStateException",
            "IllegalArgumentException",
        ]
        .iter()
        .any(|kind| text.contains(&format!("new {kind}(")));
        let refused = mentions(
            text,
            &["token", "authoriz", "unauth", "credential", "header"],
        );
        if plain && refused && FILTERS.contains(&code.name_around(thrown)) {
            show(
                code,
                facts,
                thrown,
                Practice::ErrorResponse,
                Verdict::LikelyBroken,
                "a filter rejects a caller with an exception, which becomes status 500, not 401",
            );
        }
    }
}

/// Records a limit on a name that is only used to set limits.
fn unused_limit(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(function) = code.function_around(call.node) else {
        return;
    };
    // `HttpConnectionParams.setConnectionTimeout(params, 5000)`, `factory.setReadTimeout(5000)`.
    let name = match call.arguments.as_slice() {
        [object, _] => code.text(object.value),
        [_] => call.receiver,
        _ => return,
    };
    let simple = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
    if !simple || code.binding(name).is_none() {
        return;
    }
    let text = code.text(function);
    let set = code
        .calls_within(function)
        .filter(|other| {
            LIMITING.contains(&other.method)
                && (other.receiver == name
                    || other
                        .positional(0)
                        .is_some_and(|object| code.text(object) == name))
        })
        .count();
    // Once where it is made, and once where each limit is set.
    let (verdict, evidence) = if count_word(text, name) <= set + 1 {
        (
            Verdict::Broken,
            format!("`{name}` gets a time limit, and no client gets `{name}`"),
        )
    } else {
        (Verdict::Kept, format!("`{name}` is used"))
    };
    show(
        code,
        facts,
        call.node,
        Practice::DeadResilience,
        verdict,
        evidence,
    );
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let path = call
        .keyword("value")
        .or_else(|| call.keyword("path"))
        .or_else(|| call.positional(0));
    if let Some(Resolution::Known(path)) = path.map(|path| code.string(path)) {
        debug_route(
            code,
            call.node,
            &format!("/{}", path.trim_start_matches('/')),
            facts,
        );
    }
}
