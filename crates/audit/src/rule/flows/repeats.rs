//! Rules about messages and calls that run again.

use super::{Flows, each, everywhere, of_functions};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::is_start;
use crate::rule::{Breach, Outcome};

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
    model
        .files_of(service)
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
    let typed = !function.handles_messages;
    if typed && !function.takes_event || function.is_idempotent {
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
            && function.value.calls_only_log
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
