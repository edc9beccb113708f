//! The target of a call: a store, a broker or another service.

use tree_sitter::Node;

use super::super::dual_write::{is_send, is_store, is_write, sends};
use super::super::practice::mentions;
use super::super::receiver::{Kind, Receivers};
use super::words::{CHANGES, CLIENTS, INSERTS, LOCAL, OTHER_CLIENTS, READS, WRITES};
use super::{results, retries};
use crate::model::facts::Effects;
use crate::source::Language;
use crate::syntax::{Call, Code};

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

pub(super) fn effects<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    receivers: &Receivers<'_>,
    call: &Call<'t>,
) -> Effects {
    if call.method.starts_with('@') || receivers.is_in_process(call) {
        return Effects::default();
    }
    let kind = receivers.kind(call);
    let mut own = reach(code, kind, call);
    if own.has(Effects::REMOTE) && retries::is_change(code, function, call) {
        own = own.with(Effects::CHANGE);
    }
    if results::blocks(code, receivers, call) {
        own.with(Effects::BLOCK)
    } else {
        own
    }
}

/// The effects of a call, by the name and the type of its receiver.
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
    if store && changes_found(method) {
        return Effects::WRITE;
    }
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

/// Whether a method of a store changes the record that it finds: `findByIdAndUpdate`.
fn changes_found(method: &str) -> bool {
    method.starts_with("find")
        && ["andupdate", "anddelete", "andremove", "andreplace"]
            .iter()
            .any(|end| method.ends_with(end))
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
    // Libraries of mail servers.
    let mail = method == "sendmail";
    library || mail || named && !mentions(&receiver, OTHER_CLIENTS) && !starts(method, LOCAL)
}
