//! Functions that change a database and publish to a broker without atomicity.

use tree_sitter::Node;

use super::practice::{is_typed_store, mentions, show};
use super::receiver::Receivers;
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

/// Languages whose calls of stores and brokers are read.
pub(super) const LANGUAGES: &[Language] = &[
    Language::Go,
    Language::JavaScript,
    Language::TypeScript,
    Language::Python,
    Language::Java,
    Language::Kotlin,
    Language::Rust,
];

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "dual writes",
    reader: Reader::Code(LANGUAGES, read),
}];

const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "method_declaration",
    "method_definition",
    "function_definition",
    "arrow_function",
    "function_expression",
    "function_item",
];
/// Methods that change a database, in lower case.
const WRITES: &[&str] = &[
    "create",
    "save",
    "insert",
    "insertone",
    "insertmany",
    "update",
    "updates",
    "updateone",
    "updatemany",
    "exec",
    "execcontext",
    "commit",
    "upsert",
    "findoneandupdate",
    "bulkwrite",
    "persist",
    "saveandflush",
    "delete",
    "deleteone",
];
/// Parts of what such a method belongs to.
const STORES: &[&str] = &[
    "repo",
    "db",
    "tx",
    "store",
    "collection",
    "model",
    "dao",
    "mapper",
    "gorm",
    "prisma",
    "session",
    "manager",
    "orm",
    "data.",
    "queries",
    "querier",
];
/// Methods that send a message, in lower case.
const SENDS: &[&str] = &[
    "publish",
    "publishwithcontext",
    "publishmessage",
    "publishevent",
    "sendmessage",
    "sendtoqueue",
    "writemessages",
    "produce",
    "basic_publish",
    "convertandsend",
    "send",
    "emit",
    "enqueue",
    "pushevent",
    "pushmessage",
    "push_event",
];
/// Parts of what such a method belongs to.
const BROKERS: &[&str] = &[
    "publish", "producer", "kafka", "rabbit", "amqp", "channel", "nats", "bus", "broker", "queue",
    "event", "asynq", "sns", "sqs", "stream", "writer", "outbound", "messag",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if mentions(&code.file.text, &["outbox"])
        || mentions(&code.file.path, &["relay", "script", "seed"])
    {
        return;
    }
    let mut sends = code.calls.iter().filter(|call| is_send(call)).peekable();
    if sends.peek().is_none() {
        return;
    }
    let receivers = Receivers::of(code);
    for call in sends.filter(|call| !receivers.is_in_process(call)) {
        let Some(function) = code.enclosing(call.node, FUNCTIONS) else {
            continue;
        };
        let before = write_before(code, function, call)
            .map(|write| (write, Verdict::LikelyBroken))
            .or_else(|| work_before(code, function, call).map(|write| (write, Verdict::Review)));
        if let Some((write, verdict)) = before {
            // A Rust program may send into a channel of its own process.
            let verdict = if code.file.language == Language::Rust {
                Verdict::Review
            } else {
                verdict
            };
            show(
                code,
                facts,
                call.node,
                Practice::DualWrite,
                verdict,
                format!(
                    "`{}` changes the database, and `{}` sends a message outside of its transaction",
                    write.method, call.method
                ),
            );
        }
    }
}

pub(super) fn is_send(call: &Call<'_>) -> bool {
    let method = call.method.to_lowercase();
    SENDS.contains(&method.as_str())
        && mentions(call.receiver, BROKERS)
        && !mentions(call.receiver, &["socket", "emitter", "res.", "webhook"])
        || method.starts_with("publish") && method.len() > 9 && !call.receiver.is_empty()
        || is_own_send(call)
}

/// Whether a method of a broker sends a message.
pub(super) fn sends(method: &str) -> bool {
    SENDS.contains(&method) || method.starts_with("send")
}

/// A method of the same object that sends: `l.pubOrderPaid(…)`.
fn is_own_send(call: &Call<'_>) -> bool {
    let after = |start| {
        call.method
            .strip_prefix(start)
            .is_some_and(|rest: &str| rest.starts_with(char::is_uppercase))
    };
    let own = call.receiver.len() <= 4 && !call.receiver.is_empty();
    own && ["pub", "emit", "enqueue"].into_iter().any(after)
}

pub(super) fn is_write(method: &str) -> bool {
    let method = method.strip_prefix("query").unwrap_or(method);
    WRITES.contains(&method)
        || ["update", "insert", "save", "create", "delete"]
            .iter()
            .any(|verb| method.starts_with(verb))
}

/// Prefixes of the methods of a service that change something, in lower case.
const WORK: &[&str] = &[
    "create", "add", "insert", "update", "save", "delete", "remove", "register", "signup",
    "sign_up", "rent", "return", "book", "reserve", "order", "place", "cancel", "pay", "approve",
    "confirm", "complete", "submit", "transfer", "change", "assign", "withdraw", "deposit",
];
/// Parts of what such a method belongs to.
const SERVICES: &[&str] = &["service", "ops_", "usecase", "use_case", "logic", "crud"];

/// A call of another layer that changes the database by its name: `orderService.create(…)`.
fn work_before<'c, 't>(
    code: &'c Code<'t>,
    function: Node<'t>,
    send: &Call<'t>,
) -> Option<&'c Call<'t>> {
    code.calls_within(function).find(|call| {
        let method = call.method.to_lowercase();
        call.node.end_byte() <= send.node.start_byte()
            && WORK.iter().any(|verb| method.starts_with(verb))
            && mentions(call.receiver, SERVICES)
            && !mentions(call.receiver, BROKERS)
            && !mentions(call.receiver, &["log", "cache", "metric", "mail"])
    })
}

fn write_before<'c, 't>(
    code: &'c Code<'t>,
    function: Node<'t>,
    send: &Call<'t>,
) -> Option<&'c Call<'t>> {
    code.calls_within(function)
        .find(|call| call.node.start_byte() < send.node.start_byte() && is_store_write(code, call))
}

/// Whether a call changes a database.
pub(super) fn is_store_write(code: &Code<'_>, call: &Call<'_>) -> bool {
    is_write(&call.method.to_lowercase()) && is_store(code, call)
}

/// Whether a call belongs to a store.
pub(super) fn is_store(code: &Code<'_>, call: &Call<'_>) -> bool {
    mentions(call.receiver, STORES) || is_typed_store(code, call.receiver)
}
