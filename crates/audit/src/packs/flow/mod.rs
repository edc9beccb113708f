//! Functions with their calls, so that rules follow an effect from a function to its callers in
//! other files.

mod results;
mod words;

use std::sync::Arc;

use tree_sitter::Node;

pub(crate) use self::words::FALLIBLE;
use self::words::{
    BEGINS, CHANGES, CLIENTS, COMMITS, CONSTRUCTORS, DATABASE_DECIDES, DUPLICATE_WORDS, INSERTS,
    LOCAL, LOOPS, ONE_OFF, OTHER_CLIENTS, READS, TRANSACTIONS, WRITES,
};
use super::dual_write::{self, is_send, is_store, is_write, sends};
use super::practice::mentions;
use super::receiver::{Kind, Receivers};
use super::signs::{compensates, handles_messages, recognizes_repeats};
use super::two_steps::{CANDIDATES, is_function};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::repository::Role;
use crate::source::Language;
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

/// What the functions of a file share.
struct Context<'t> {
    compensates: bool,
    receivers: Receivers<'t>,
}

fn add<'t>(code: &Code<'t>, function: Node<'t>, file: &Context<'t>, facts: &mut FactSink<'_>) {
    let text = with_decorators(code, function);
    let transactions = Transactions::of(code, function, text);
    let class = owner_type(code, function);
    let mut calls: Vec<_> = code
        .calls_within(function)
        .filter(|call| owner(code, call.node) == Some(function.id()))
        .filter_map(|call| {
            let effects = effects(code, &file.receivers, call);
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
                at: code.file.location(call.span(), None),
            })
        })
        .collect();
    // A function that makes a handler has no effect where it is called.
    let name = if results::makes_handler(code, function) {
        ""
    } else {
        name(code, function)
    };
    calls.extend(declared_call(code, function, name));
    if calls.is_empty() && name.is_empty() {
        return;
    }
    let handles_messages = handles_messages(text);
    let flow = FunctionFlow {
        name: Arc::from(name),
        owner: Arc::from(class),
        returns_error: results::returns_error(code, function),
        is_async: is_async(code, function),
        handles_messages,
        is_idempotent: recognizes_repeats(text),
        refuses: refuses(text),
        compensates: file.compensates,
        calls,
    };
    facts.add(flow, code.place(function));
}

/// The call of another service that a method of a declarative client makes: Feign, or an HTTP
/// interface of Spring.
fn declared_call<'t>(code: &Code<'t>, function: Node<'t>, name: &str) -> Option<FlowCall> {
    let client = ["@FeignClient", "@HttpExchange", "@RegisterRestClient"]
        .iter()
        .any(|annotation| code.file.text.contains(annotation));
    if !client || function.kind() != "method_declaration" {
        return None;
    }
    let text = code.text(function);
    let changes = [
        "@PostMapping",
        "@PutMapping",
        "@PatchMapping",
        "@DeleteMapping",
        "@PostExchange",
        "@PutExchange",
        "@PatchExchange",
        "@DeleteExchange",
        "@POST",
        "@PUT",
        "@DELETE",
    ]
    .iter()
    .any(|annotation| text.contains(annotation));
    let remote = changes || text.contains("@Get") || text.contains("@RequestMapping");
    remote.then(|| FlowCall {
        method: Arc::from(name),
        receiver_type: Arc::from(""),
        effects: if changes {
            Effects::REMOTE.with(Effects::CHANGE)
        } else {
            Effects::REMOTE
        },
        is_resolvable: false,
        in_transaction: false,
        is_dropped: false,
        is_returned: false,
        is_lookup: false,
        is_unchecked: false,
        in_loop: false,
        at: code.file.location(function.byte_range(), None),
    })
}

/// Returns the ID of the innermost function around a node.
fn owner<'t>(code: &Code<'t>, node: Node<'t>) -> Option<usize> {
    code.ancestors(node)
        .find(|around| CANDIDATES.contains(&around.kind()) && is_function(code, *around))
        .map(|around| around.id())
}

fn refuses(text: &str) -> bool {
    mentions(text, DUPLICATE_WORDS) && !mentions(text, DATABASE_DECIDES)
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

fn name<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    function
        .child_by_field_name("name")
        .or_else(|| {
            let parent = function.parent()?;
            (parent.kind() == "variable_declarator").then(|| parent.child_by_field_name("name"))?
        })
        .map_or("", |name| code.text(name))
}

/// The class of a method, or the type of its receiver in Go.
fn owner_type<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    if let Some(receiver) = function.child_by_field_name("receiver") {
        let text = code.text(receiver).trim_matches(['(', ')', ' ']);
        let name = text.rsplit([' ', '*']).next().unwrap_or_default();
        return name.split('[').next().unwrap_or_default();
    }
    code.enclosing(
        function,
        &[
            "class_declaration",
            "class_definition",
            "interface_declaration",
        ],
    )
    .and_then(|class| class.child_by_field_name("name"))
    .map_or("", |name| code.text(name))
}

/// The name of a type that may belong to the program: without its package, in capitals.
fn own_type(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        last
    } else {
        ""
    }
}

/// Whether a method may belong to the program, and creates no object.
fn is_callable(call: &Call<'_>) -> bool {
    let lower = call.method.to_lowercase();
    call.method.len() > 2
        && !call.method.starts_with('@')
        && !["new", "init", "must", "provide", "setup", "with"]
            .iter()
            .any(|start| lower.starts_with(start))
}

/// The text of a function with its decorators of Python.
fn with_decorators<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    match function.parent() {
        Some(parent) if parent.kind() == "decorated_definition" => code.text(parent),
        _ => code.text(function),
    }
}

/// Returns whether a function with this name in the service is probably the called one. The name
/// has two words, or the caller and the function belong to the same object or package.
fn is_resolvable(call: &Call<'_>) -> bool {
    let name = call.method;
    let words = name.contains('_')
        || name
            .chars()
            .skip(1)
            .any(|letter| letter.is_ascii_uppercase());
    let own = matches!(call.receiver, "" | "this" | "self" | "s");
    let lower = name.to_lowercase();
    (words && name.len() > 5 || own && name.len() > 3)
        && !name.starts_with('@')
        && !name.ends_with('!')
        && !["new", "init", "must", "provide", "setup", "with"]
            .iter()
            .any(|start| lower.starts_with(start))
        && !is_registration(&lower)
}

/// Whether a function registers parts of the program, and not a user or a product.
fn is_registration(lower: &str) -> bool {
    lower.strip_prefix("register").is_some_and(|rest| {
        mentions(
            rest,
            &[
                "route",
                "handler",
                "server",
                "service",
                "middleware",
                "consumer",
                "plugin",
                "metric",
                "module",
                "command",
            ],
        )
    })
}

/// Whether a name belongs to a function that creates an object or starts the program.
pub(crate) fn is_start(name: &str) -> bool {
    let lower = name.trim_start_matches('_').to_lowercase();
    matches!(lower.as_str(), "run" | "start" | "serve" | "app")
        || is_registration(&lower)
        || CONSTRUCTORS
            .iter()
            .any(|maker| lower.starts_with(maker) && *maker != "create" && *maker != "make")
}

fn starts(method: &str, words: &[&str]) -> bool {
    words.iter().any(|word| method.starts_with(word))
}

/// The verb of a method of a repository: `QueryCreateUser` creates.
fn work(method: &str) -> &str {
    ["query", "exec", "db"]
        .iter()
        .filter_map(|start| method.strip_prefix(start))
        .find(|rest| starts(rest, WRITES) || starts(rest, READS))
        .unwrap_or(method)
}

fn effects(code: &Code<'_>, receivers: &Receivers<'_>, call: &Call<'_>) -> Effects {
    if call.method.starts_with('@') {
        return Effects::default();
    }
    let kind = receivers.kind(call);
    let own = reach(code, kind, call);
    if results::blocks(code, receivers, call) {
        own.with(Effects::BLOCK)
    } else {
        own
    }
}

/// What a call reaches, by the name and the type of its receiver.
fn reach(code: &Code<'_>, kind: Option<Kind>, call: &Call<'_>) -> Effects {
    let method = call.method.to_lowercase();
    let method = work(&method);
    let emits = method == "emit" && mentions(call.receiver, &["client"]);
    let hands_over = starts(method, &["sendmessage", "sendevent", "publish", "produce"])
        && mentions(
            call.receiver,
            &[
                "kafka", "rabbit", "nats", "queue", "broker", "event", "messag",
            ],
        );
    let task = code.file.language == Language::Python
        && matches!(method, "delay" | "apply_async" | "send_task");
    let sends = task || kind == Some(Kind::Broker) && sends(method);
    if is_send(call) || emits || hands_over || sends {
        return Effects::PUBLISH;
    }
    let store = kind == Some(Kind::Store) || is_store(code, call);
    if store && (is_write(method) || starts(method, WRITES)) {
        return if starts(method, INSERTS) {
            Effects::WRITE.with(Effects::INSERT)
        } else {
            Effects::WRITE
        };
    }
    let typed = kind == Some(Kind::Remote) && !starts(method, LOCAL);
    if typed || is_remote(call, method) {
        return if starts(method, CHANGES) {
            Effects::REMOTE.with(Effects::CHANGE)
        } else {
            Effects::REMOTE
        };
    }
    if store && starts(method, READS) {
        return Effects::READ;
    }
    Effects::default()
}

/// Whether a call reaches another service, by the name of its client.
fn is_remote(call: &Call<'_>, method: &str) -> bool {
    let receiver = call.receiver.to_lowercase();
    if receiver.is_empty() {
        return matches!(method, "fetch" | "axios");
    }
    let last = receiver.rsplit(['.', ':']).next().unwrap_or_default();
    let named = CLIENTS.iter().any(|client| last.ends_with(client));
    let library = matches!(last, "http" | "requests" | "https" | "smtplib")
        && matches!(
            method,
            "get" | "post" | "put" | "patch" | "delete" | "postform" | "request" | "smtp"
        );
    library || named && !mentions(&receiver, OTHER_CLIENTS) && !starts(method, LOCAL)
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

/// The spans of a function in which a transaction is open.
struct Transactions {
    /// Whether an annotation covers the function.
    whole: bool,
    /// Whether a part of the function can be covered.
    parts: bool,
    open: Option<usize>,
    end: usize,
}

impl Transactions {
    fn of<'t>(code: &Code<'t>, function: Node<'t>, text: &str) -> Self {
        let head = text.split(['{', '\n']).take(4).collect::<String>();
        let annotated = text.contains("@Transactional") || head.contains("@transaction.atomic");
        let whole = annotated && !mentions(text, &["readonly", "requires_new"])
            || is_in_transactional_class(code, function);
        let mut found = Self {
            whole,
            parts: mentions(
                text,
                &[
                    "transaction",
                    "begin",
                    "tx(",
                    "atomic",
                    "transact",
                    "session_scope",
                    "unit_of_work",
                    "uow",
                ],
            ),
            open: None,
            end: 0,
        };
        if found.parts {
            for call in code.calls_within(function) {
                let method = call.method.to_lowercase();
                if BEGINS.contains(&method.as_str()) && found.open.is_none() {
                    found.open = Some(call.node.end_byte());
                }
                if COMMITS.contains(&method.as_str()) {
                    found.end = found.end.max(call.node.start_byte());
                }
            }
        }
        found
    }

    fn contain<'t>(&self, code: &Code<'t>, call: &Call<'t>) -> bool {
        if self.whole {
            return true;
        }
        if !self.parts {
            return false;
        }
        let start = call.node.start_byte();
        let between = self
            .open
            .is_some_and(|open| open <= start && start < self.end);
        between
            || code.ancestors(call.node).any(|around| {
                let runs = code.call_at(around).is_some_and(|call| {
                    TRANSACTIONS.contains(&call.method.to_lowercase().as_str())
                });
                runs || around.kind() == "with_statement"
                    && code.text(around).lines().next().is_some_and(|head| {
                        mentions(
                            head,
                            &[
                                "atomic(",
                                ".begin(",
                                "session_scope",
                                "transaction",
                                "unit_of_work",
                                "uow",
                            ],
                        )
                    })
            })
    }
}

fn is_in_transactional_class<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    matches!(code.file.language, Language::Java | Language::Kotlin)
        && code.file.text.contains("@Transactional")
        && code
            .enclosing(function, &["class_declaration"])
            .is_some_and(|class| {
                let head = code.text(class).split('{').next().unwrap_or_default();
                head.contains("@Transactional") && !mentions(head, &["readonly"])
            })
}
