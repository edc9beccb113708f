//! Functions with their calls, so that rules follow an effect from a function to its callers in
//! other files.

mod adjustments;
mod declared;
mod entries;
mod events;
mod failures;
mod names;
mod reach;
mod results;
mod retries;
mod transactions;
mod words;

use std::sync::Arc;

use tree_sitter::Node;

use self::declared::declared_call;
pub(crate) use self::names::{function_name, is_start};
use self::names::{is_callable, is_resolvable, own_type, owner_type};
use self::reach::effects;
use self::transactions::Transactions;
pub(crate) use self::words::FALLIBLE;
use self::words::{
    DATABASE_DECIDES, DUPLICATE_WORDS, FOUND, LIMITS, LOOPS, ONE_OFF, PLAIN, SELECTIONS,
};
use super::dual_write;
use super::practice::mentions;
use super::receiver::Receivers;
use super::signs::{
    compares_state, compensates, guards, handles_messages, is_compared, recognizes_repeats,
};
use super::two_steps::{CANDIDATES, function_of, is_function};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::repository::Role;
use crate::source::{Language, Location};
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "flows of functions",
    reader: Reader::Code(dual_write::LANGUAGES, read),
}];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production || mentions(&code.file.path, ONE_OFF) {
        return;
    }
    let file = Context {
        compensates: compensates(&code.file.text),
        receivers: Receivers::of(code),
    };
    for function in code.find_all(code.root, CANDIDATES) {
        if is_function(code, function) {
            add(code, function, &file, facts);
        }
    }
}

/// The data that the functions of a file share.
struct Context<'t> {
    compensates: bool,
    receivers: Receivers<'t>,
}

fn add<'t>(code: &Code<'t>, function: Node<'t>, file: &Context<'t>, facts: &mut FactSink<'_>) {
    let text = with_decorators(code, function);
    let transactions = Transactions::of(code, function, text);
    let class = owner_type(code, function);
    let changes = adjustments::changes(code.text(function));
    let adjusted = adjustments::records(&changes);
    let retries = retries::is_repeated(text);
    let mut calls: Vec<_> = code
        .calls_within(function)
        .filter(|call| {
            let around = function_of(code, call.node);
            around.map(|around| around.id()) == Some(function.id())
        })
        .filter_map(|call| {
            let effects = effects(code, function, &file.receivers, call);
            let effects = if adjustments::adjusts(code, call, effects, &adjusted) {
                effects.with(Effects::ADJUST).with(Effects::WRITE)
            } else {
                effects
            };
            let is_resolvable = is_resolvable(call);
            let receiver_type = match call.receiver {
                "this" | "self" => class,
                receiver => own_type(file.receivers.type_of(receiver).unwrap_or_default()),
            };
            let fallible = code.file.language == Language::Go && FALLIBLE.contains(&call.method);
            let known = is_resolvable || fallible || !receiver_type.is_empty() && is_callable(call);
            (effects != Effects::default() || known).then(|| FlowCall {
                method: Arc::from(call.method),
                receiver_type: Arc::from(receiver_type),
                effects,
                is_resolvable,
                in_transaction: transactions.contain(code, call),
                is_dropped: is_dropped(code, call),
                is_returned: results::is_returned(code, call),
                is_lookup: results::is_lookup(code, call),
                is_unchecked: results::is_unchecked(code, function, call),
                in_loop: is_repeated(code, function, call.node),
                is_compared: results::bound(code, call).is_some_and(|name| {
                    let text = &code.file.text;
                    is_compared(text.get(call.node.end_byte()..function.end_byte()), name)
                }),
                is_retried: retries || retries::is_retried(code, function, call),
                hides_failure: failures::hides(code, function, call),
                at: code.file.location(call.span(), None),
            })
        })
        .collect();
    let own_name = function_name(code, function);
    // A function that makes a handler has no effect where it is called.
    let name = if results::makes_handler(code, function) {
        ""
    } else {
        own_name
    };
    calls.extend(declared_call(code, function, name));
    let source = entries::Source {
        name: own_name,
        owner: class,
        text,
    };
    let entry = entries::entry_point(code, function, &source);
    if calls.is_empty() && name.is_empty() && entry.is_none() {
        return;
    }
    let handles_messages = handles_messages(text) && !is_call(code, text);
    let lower = text.to_lowercase();
    let contains = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let flow = FunctionFlow {
        name: Arc::from(name),
        owner: Arc::from(class),
        returns_error: results::returns_error(code, function),
        returns_nothing: results::returns_nothing(code, function),
        is_async: is_async(code, function),
        handles_messages,
        is_idempotent: recognizes_repeats(text),
        is_guarded: guards(text),
        checks_state: compares_state(text),
        rejects: contains(DUPLICATE_WORDS) && !contains(DATABASE_DECIDES),
        compensates: file.compensates,
        entry,
        names_caller: entries::names_caller(code, function, &source),
        calls_only_log: handles_messages && calls_only_log(code, function),
        checks_found: contains(FOUND),
        selects_fields: contains(SELECTIONS),
        names_limit: contains(LIMITS),
        adjusted: adjusted_places(code, function, &changes),
        takes_event: events::takes_event(code, function, own_name, text),
        calls,
    };
    facts.add(flow, code.place(function));
}

/// The places that change a field of a record by a difference.
fn adjusted_places<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    changes: &[(usize, &'t str)],
) -> Vec<(Location, Arc<str>)> {
    let start = function.start_byte();
    changes
        .iter()
        .map(|(at, name)| {
            let place = code.file.location(start + at..start + at + 1, None);
            (place, Arc::from(*name))
        })
        .collect()
}

/// Whether the function has a call that logs, and no other call than those of [`PLAIN`].
fn calls_only_log<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    let mut logs = false;
    for call in code.calls_within(function) {
        if call.method.starts_with('@') {
            continue;
        }
        let name = format!("{}.{}", call.receiver, call.method);
        if !mentions(&name, PLAIN) {
            return false;
        }
        logs |= mentions(&name, &["log", "console", "print"]);
    }
    logs
}

/// Languages whose functions return a promise or a coroutine.
const PROMISES: &[Language] = &[Language::JavaScript, Language::TypeScript, Language::Python];

fn is_async<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    let text = code.text(function);
    let head = text.split(['{', '\n']).next().unwrap_or_default();
    PROMISES.contains(&code.file.language) && head.split_whitespace().any(|word| word == "async")
}

/// Returns whether the call is the whole statement, so that its promise or its error is lost.
fn is_dropped<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    (PROMISES.contains(&code.file.language) || code.file.language == Language::Go)
        && call
            .node
            .parent()
            .is_some_and(|parent| parent.kind() == "expression_statement")
}

/// The text of a function with its decorators.
fn with_decorators<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    if let Some(parent) = function
        .parent()
        .filter(|parent| parent.kind() == "decorated_definition")
    {
        return code.text(parent);
    }
    // In TypeScript decorators are siblings.
    let mut first = function;
    while let Some(before) = first
        .prev_named_sibling()
        .filter(|before| before.kind() == "decorator")
    {
        first = before;
    }
    let start = first.start_byte();
    code.file
        .text
        .get(start..function.end_byte())
        .unwrap_or_default()
}

/// Whether a handler answers calls over a transport that delivers each message once.
fn is_call(code: &Code<'_>, text: &str) -> bool {
    text.contains("@MessagePattern")
        && !text.contains("@EventPattern")
        && !mentions(&code.file.text, &["rmq", "kafka", "nats", "jetstream"])
}

fn is_repeated<'t>(code: &Code<'t>, function: Node<'t>, node: Node<'t>) -> bool {
    code.ancestors(node)
        .take_while(|around| around.id() != function.id())
        .filter(|around| LOOPS.contains(&around.kind()))
        .any(|around| {
            code.file.language != Language::Go
                || code
                    .text(around)
                    .lines()
                    .next()
                    .is_some_and(|head| head.contains("range "))
        })
}
