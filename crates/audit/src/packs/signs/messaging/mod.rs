//! Publishers, consumers, outboxes and webhooks.

mod acknowledgements;
mod consumers;
mod dead_letters;
mod early_dequeue;
mod event_sourcing;
mod go_handovers;
mod message_keys;
mod messages;
mod nest_events;
mod relays;
mod repeated_handlers;
mod spring_listeners;
mod streams;
mod subscriptions;
mod webhooks;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};

pub(super) const LISTS: &[&[Sign]] = &[
    acknowledgements::SIGNS,
    consumers::SIGNS,
    dead_letters::SIGNS,
    early_dequeue::SIGNS,
    event_sourcing::SIGNS,
    go_handovers::SIGNS,
    message_keys::SIGNS,
    messages::SIGNS,
    nest_events::SIGNS,
    relays::SIGNS,
    repeated_handlers::SIGNS,
    spring_listeners::SIGNS,
    streams::SIGNS,
    subscriptions::SIGNS,
    webhooks::SIGNS,
];
