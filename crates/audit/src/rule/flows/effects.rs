//! Rules about effects that reach a function through the functions that it calls.

use super::{Flows, each, everywhere, of_functions};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::is_start;
use crate::rule::{Breach, Outcome};
use crate::source::Language;

/// A call of an async function of the service whose promise no code awaits. All functions with the
/// name are async.
#[must_use]
pub fn dropped_promises(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| each(service, dropped_promise))
}

fn dropped_promise<'s>(
    flows: &Flows<'s>,
    _: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    let (call, _) = calls.iter().find(|(call, _)| {
        let named = flows.by_name.get(&*call.method);
        let mut named = named.into_iter().flatten().peekable();
        call.is_dropped
            && call.is_resolvable
            && named.peek().is_some()
            && named.all(|index| {
                flows
                    .functions
                    .get(*index)
                    .is_some_and(|function| function.is_async)
            })
    })?;
    let evidence = format!(
        "no code awaits `{}`, so its failure is unhandled",
        call.method
    );
    Some(Breach::review(call.at.clone(), evidence))
}

/// A change of the database and a message, or a change in another service and one of the database,
/// that are not atomic.
#[must_use]
pub fn dual_writes(service: &Service) -> Vec<Outcome> {
    each(service, |flows, function, calls| {
        if function.compensates {
            return None;
        }
        let write = calls
            .iter()
            .find(|(_, effects)| effects.has(Effects::WRITE))
            .map(|(call, _)| *call)?;
        let after = |call: &FlowCall| call.at.span.start >= write.at.span.end;
        let send = calls.iter().find(|(call, effects)| {
            after(call) && effects.has(Effects::PUBLISH.with(Effects::CHANGE))
        });
        if let Some((send, effects)) = send {
            let what = if effects.has(Effects::PUBLISH) {
                "sends a message"
            } else {
                "changes another service"
            };
            let evidence = format!(
                "`{}` changes the database, and `{}` {what} outside of its transaction",
                write.method, send.method
            );
            let origin = flows.origin(send, Effects::PUBLISH.with(Effects::CHANGE));
            let places = origin.map(|origin| origin.at.clone());
            let places = [write.at.clone()].into_iter().chain(places);
            return Some(Breach::review(send.at.clone(), evidence).related(places));
        }
        let first = calls.iter().find(|(call, effects)| {
            call.at.span.end <= write.at.span.start
                && effects.has(Effects::PUBLISH.with(Effects::CHANGE))
        });
        let (first, _) = first?;
        let evidence = format!(
            "`{}` has its effect outside of this service, and a failure of `{}` after it loses the record",
            first.method, write.method
        );
        Some(Breach::review(first.at.clone(), evidence).related([write.at.clone()]))
    })
}

/// A look-up that decides whether a record is new, and an insert after it, one of them in a called
/// function or by another method.
#[must_use]
pub fn lookups_before_inserts(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |_, function, calls| {
            let (read, _) = calls.iter().find(|(call, effects)| {
                function.rejects
                    && (call.effects.has(Effects::READ)
                        || effects.has(Effects::READ.with(Effects::REMOTE))
                            && is_lookup(&call.method))
            })?;
            let (insert, _) = calls.iter().find(|(call, effects)| {
                call.at.span.start >= read.at.span.end
                    && (effects.has(Effects::INSERT)
                        || effects.has(Effects::CHANGE) && is_creation(&call.method))
            })?;
            let evidence = format!(
                "`{}` decides whether `{}` may add the record, so parallel requests both add it",
                read.method, insert.method
            );
            Some(Breach::review(read.at.clone(), evidence).related([insert.at.clone()]))
        })
    })
}

/// Whether the name of a function means that it looks up one record: `getByEmail`, `isEmailTaken`.
fn is_lookup(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["get", "find", "exists", "is", "has", "check", "lookup"]
        .iter()
        .any(|verb| lower.starts_with(verb))
        && [
            "by",
            "exist",
            "uniq",
            "taken",
            "registered",
            "duplicate",
            "used",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether the name of a function means that it adds a record in another service.
fn is_creation(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["create", "add", "register", "insert", "save"]
        .iter()
        .any(|verb| lower.starts_with(verb))
}

/// Further calls in one transaction that a report lists.
const MAX_OTHERS: usize = 8;

/// A call of another service or a message while a transaction is open.
#[must_use]
pub fn remote_in_transaction(service: &Service) -> Vec<Outcome> {
    each(service, |_, _, calls| {
        let (call, effects) = calls.iter().find(|(call, effects)| {
            call.in_transaction && effects.has(Effects::REMOTE.with(Effects::PUBLISH))
        })?;
        let what = if effects.has(Effects::REMOTE) {
            "calls another service"
        } else {
            "sends a message"
        };
        let evidence = format!("`{}` {what} while the transaction is open", call.method);
        // Each call holds the transaction open, so the report lists all of them.
        let others = calls.iter().filter(|(other, effects)| {
            other.in_transaction
                && other.at.span.start > call.at.span.start
                && effects.has(Effects::REMOTE.with(Effects::PUBLISH))
        });
        let write = calls
            .iter()
            .find(|(call, effects)| call.in_transaction && effects.has(Effects::WRITE));
        let places: Vec<_> = write
            .into_iter()
            .chain(others.take(MAX_OTHERS))
            .map(|(call, _)| call.at.clone())
            .collect();
        Some(Breach::review(call.at.clone(), evidence).related(places))
    })
}

/// A handler of messages that calls a function with an effect, and no function in between
/// recognizes a repeated message.
#[must_use]
pub fn repeated_messages(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        let broker = has_broker(model, service);
        of_functions(
            service,
            |_| true,
            |flows, function, calls| {
                if function.handles_messages || broker {
                    repeated_message(flows, function, calls)
                } else {
                    None
                }
            },
        )
    })
}

/// Words of code that gets messages from a broker, in lower case.
const BROKERS: &[&str] = &[
    "nats",
    "sqs",
    "pubsub",
    "pulsar",
    "jms",
    "xreadgroup",
    "eventpattern",
    "servicebus",
];
/// Starts of such words.
const STARTS: &[&str] = &[
    "kafka",
    "rabbit",
    "amqp",
    "axon",
    "celery",
    "redpanda",
    "sagaevent",
];

/// Whether the code of a service uses a broker.
fn has_broker(model: &Model, service: &Service) -> bool {
    service
        .files
        .iter()
        .filter_map(|path| model.files.get(path))
        .filter(|found| found.file.language.is_code())
        .any(|found| {
            found
                .file
                .text
                .split(|letter: char| !letter.is_alphanumeric())
                .any(|word| {
                    let lower = word.to_lowercase();
                    BROKERS.contains(&lower.as_str())
                        || STARTS.iter().any(|start| lower.starts_with(start))
                })
        })
}

fn repeated_message<'s>(
    flows: &Flows<'s>,
    function: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    let typed = function.takes_event && !function.handles_messages;
    if !function.handles_messages && !typed || function.is_idempotent {
        return None;
    }
    let repeats = Effects::INSERT.with(Effects::REMOTE);
    // A handler that answers an event by a message sends it once for each delivery.
    let repeats = if typed {
        repeats.with(Effects::PUBLISH)
    } else {
        repeats
    };
    let start = is_start(&function.name);
    let (call, _) = calls.iter().find(|(call, effects)| {
        let again = !start && effects.has(repeats)
            || effects.has(Effects::ADJUST)
                && !function.checks_state
                && !flows.any_target(call, |function| function.checks_state);
        again && !flows.is_idempotent(call)
    })?;
    let evidence = format!(
        "a message that the broker delivers twice runs `{}` twice",
        call.method
    );
    let origin = flows.origin(call, repeats.with(Effects::ADJUST));
    let own = flows.place_of(function).filter(|_| typed);
    let places = origin
        .map(|origin| origin.at.clone())
        .into_iter()
        .chain(own);
    Some(Breach::review(call.at.clone(), evidence).related(places))
}

/// Handlers of messages that reach no database, broker or other service, and only log.
#[must_use]
pub fn handlers_without_effect(service: &Service) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    let mut outcomes = Vec::new();
    for (index, function) in flows.functions.iter().enumerate() {
        let own = flows.effects.get(index).copied().unwrap_or_default();
        let called = flows.targets.get(index).into_iter().flatten().flatten();
        let lower = function.value.name.to_lowercase();
        let settles = ["ack", "nack", "reject", "log", "parse"]
            .iter()
            .any(|verb| lower.starts_with(verb));
        if function.value.handles_messages
            && !settles
            && !is_start(&function.value.name)
            && own == Effects::default()
            && called.count() == 0
            && function.value.only_logs
        {
            let evidence = "the handler logs the message and acknowledges it, and has no effect";
            outcomes.push(Breach::review(function.at.clone(), evidence).into());
        }
    }
    outcomes
}

/// A change in another service that code retries, while no function in between has an
/// idempotency key.
#[must_use]
pub fn retried_changes(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |flows, function, calls| {
            let (call, _) = calls.iter().find(|(call, effects)| {
                call.is_retried
                    && !function.is_idempotent
                    && effects.has(Effects::CHANGE)
                    && !is_repeatable(&call.method)
                    && flows
                        .origin(call, Effects::CHANGE)
                        .is_none_or(|origin| !is_repeatable(&origin.method))
                    && !flows.is_idempotent(call)
            })?;
            let evidence = format!(
                "code repeats `{}` after a failure, and the other service cannot recognize the repetition",
                call.method
            );
            let origin = flows.origin(call, Effects::CHANGE);
            let places = origin.map(|origin| origin.at.clone());
            Some(Breach::review(call.at.clone(), evidence).related(places))
        })
    })
}

/// Whether a call with this name is idempotent.
fn is_repeatable(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["put", "delete", "update", "patch", "archive", "cancel"]
        .iter()
        .any(|verb| lower.starts_with(verb))
}

/// Version fields for optimistic locking.
const VERSIONS: &[&str] = &["@Version", "VersionColumn", "version_id_col"];

/// Whether the class of a record has a version: `Voucher` of `fetchedVoucher`.
fn is_versioned(model: &Model, service: &Service, name: &str) -> bool {
    let name = name.to_lowercase();
    service
        .files
        .iter()
        .filter_map(|path| model.files.get(path))
        .filter(|found| VERSIONS.iter().any(|word| found.file.text.contains(word)))
        .any(|found| {
            let file = found.file.path.rsplit('/').next().unwrap_or_default();
            let stem = file.split('.').next().unwrap_or_default().to_lowercase();
            let stem = ["entity", "model", "document"]
                .iter()
                .find_map(|end| stem.strip_suffix(end))
                .unwrap_or(&stem);
            name.ends_with(stem) || stem.ends_with(&name) || found.file.language == Language::Python
        })
}

/// Whether the records of a service have a version.
fn has_versions(model: &Model, service: &Service) -> bool {
    service
        .files
        .iter()
        .filter_map(|path| model.files.get(path))
        .any(|found| VERSIONS.iter().any(|word| found.file.text.contains(word)))
}

/// A record that a called function reads, that a condition compares, and that a later call changes,
/// without a lock.
#[must_use]
pub fn checked_then_changed(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        if has_versions(model, service) {
            return Vec::new();
        }
        each(service, |flows, function, calls| {
            if function.is_guarded {
                return None;
            }
            let (read, _) = calls.iter().find(|(call, effects)| {
                let direct = [".py", ".java", ".kt"]
                    .iter()
                    .any(|end| call.at.path.ends_with(end));
                call.is_compared
                    && (direct || !call.effects.has(Effects::READ))
                    && effects.has(Effects::READ)
                    && !effects.has(Effects::WRITE)
                    && !flows.any_target(call, |function| function.is_guarded)
            })?;
            let (write, _) = calls.iter().find(|(call, effects)| {
                let changes = effects.has(Effects::ADJUST)
                    || effects.has(Effects::WRITE) && !effects.has(Effects::INSERT);
                call.at.span.start >= read.at.span.end
                    && changes
                    && !flows.any_target(call, |function| function.is_guarded)
            })?;
            let evidence = format!(
                "a condition compares the record of `{}`, and `{}` changes it later without a lock, so two parallel requests both pass",
                read.method, write.method
            );
            Some(Breach::review(read.at.clone(), evidence).related([write.at.clone()]))
        })
    })
}

/// A field of a record that gets a value that depends on its old one, without a lock or a version.
#[must_use]
pub fn adjusted_records(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |flows, function, calls| {
            if function.adjusted.is_empty() {
                return adjusted_by_helper(flows, function, calls);
            }
            let (first, name) = function.adjusted.first().filter(|_| !function.is_guarded)?;
            if is_versioned(model, service, name) {
                return None;
            }
            let (read, _) = calls.iter().find(|(call, effects)| {
                // `Map.get` reads no database.
                !call.method.eq_ignore_ascii_case("get")
                    && (effects.has(Effects::READ) || call.is_lookup || is_read(&call.method))
            })?;
            if flows.any_target(read, |function| function.is_guarded) {
                return None;
            }
            let write = calls.iter().find(|(call, effects)| {
                call.at.span.start > first.span.start && effects.has(Effects::WRITE)
            });
            let evidence = format!(
                "the new value depends on the record that `{}` read, and no lock or version protects it, so two parallel requests lose a change",
                read.method
            );
            let others = function.adjusted.iter().skip(1).map(|(at, _)| at.clone());
            let write = write.map(|(call, _)| call.at.clone());
            let places = [read.at.clone()].into_iter().chain(write).chain(others);
            Some(Breach::review(first.clone(), evidence).related(places))
        })
    })
}

/// A record that a function reads, a called function changes by a difference, and a later call
/// writes.
fn adjusted_by_helper<'s>(
    flows: &Flows<'s>,
    function: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    if function.is_guarded {
        return None;
    }
    let (read, _) = calls
        .iter()
        .find(|(call, effects)| effects.has(Effects::READ) || is_read(&call.method))?;
    let helper = function.calls.iter().find(|call| {
        call.at.span.start > read.at.span.end
            && flows.any_target(call, |target| {
                !target.adjusted.is_empty() && !target.is_guarded
                    || target.calls.iter().any(|inner| {
                        flows.any_target(inner, |target| {
                            !target.adjusted.is_empty() && !target.is_guarded
                        })
                    })
            })
    })?;
    let (write, _) = calls.iter().find(|(call, effects)| {
        call.at.span.start >= helper.at.span.start && effects.has(Effects::WRITE)
    })?;
    let evidence = format!(
        "`{}` changes what `{}` read, and `{}` writes it back without a lock or version, so two parallel requests lose a change",
        helper.method, read.method, write.method
    );
    let places = [read.at.clone(), write.at.clone()];
    Some(Breach::review(helper.at.clone(), evidence).related(places))
}

/// Whether the name of a method is that of a look-up of a record.
fn is_read(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["find", "load", "fetch", "getby", "get_by"]
        .iter()
        .any(|verb| lower.starts_with(verb))
        || lower.starts_with("get") && lower.contains("by")
}

/// A query or a remote call that a called function makes for each element of a list.
#[must_use]
pub fn queries_per_row(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        of_functions(
            service,
            |name| !is_start(name) || is_view(name),
            |_, _, calls| query_per_row(calls),
        )
    })
}

fn query_per_row(calls: &[(&FlowCall, Effects)]) -> Option<Breach> {
    let (call, _) = calls.iter().find(|(call, effects)| {
        call.in_loop
            && (call.effects.without(Effects::BLOCK) == Effects::default()
                || !call.receiver_type.is_empty())
            && effects.has(Effects::READ.with(Effects::WRITE).with(Effects::REMOTE))
    })?;
    let evidence = format!("`{}` runs once for each element of a list", call.method);
    Some(Breach::review(call.at.clone(), evidence))
}

/// A call that waits on its thread, itself or in a function that it runs, in a coroutine of Python.
#[must_use]
pub fn blocking_calls(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |_, function, calls| {
            let (call, _) = calls
                .iter()
                .find(|(_, effects)| function.is_async && effects.has(Effects::BLOCK))?;
            let evidence = format!(
                "`{}` waits on the thread of the event loop, so all other requests wait too",
                call.method
            );
            Some(Breach::review(call.at.clone(), evidence))
        })
    })
}

/// Whether a function makes a response, although its name is that of a constructor:
/// `newOrderListResponse`.
fn is_view(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        "response", "dto", "view", "list", "page", "payload", "reply",
    ]
    .iter()
    .any(|end| lower.ends_with(end))
}
