//! What operators see and do at the admin listener: subscriptions and dead letters of one broker, below `/messaging/NAME`.
//!
//! A change needs a reason, and the log says who made it and why. Replaying takes longer than a request may: it runs beside the service, one at a time, and is looked at
//! and stopped by requests of its own.

mod dead_letters;
mod job;
mod subscriptions;
mod wish;

pub(crate) use job::{Job, Jobs};
use seaworthy_core::{Code, Error, RequestContext, context};
use seaworthy_http::Routes;

use crate::{DeadLetters, Messaging};

/// The endpoints for the broker of this name.
pub(crate) fn routes(name: &str, messaging: &Messaging) -> Routes {
    let endpoints = Routes::new()
        .merge(subscriptions::routes())
        .merge(dead_letters::routes())
        .with_state(messaging.clone());
    Routes::new().nest(&format!("/messaging/{}", segment(name)), endpoints)
}

/// A name as a part of a path.
fn segment(name: &str) -> String {
    let safe = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    name.chars()
        .map(|character| if safe(character) { character } else { '-' })
        .collect()
}

fn letters_of(messaging: &Messaging) -> Result<DeadLetters, Error> {
    messaging.dead_letters().ok_or_else(|| {
        Error::new(
            Code::Conflict,
            "MESSAGES_DISABLED",
            "messages are switched off by the settings",
        )
    })
}

fn given(reason: &str) -> Result<&str, Error> {
    match reason.trim() {
        "" => Err(
            Error::new(Code::Invalid, "REASON_REQUIRED", "a change needs a reason")
                .with_field("reason", "must not be empty"),
        ),
        reason => Ok(reason),
    }
}

/// Who asks, as far as the listener knows.
fn actor() -> String {
    let actor = |context: Option<&RequestContext>| {
        context
            .and_then(RequestContext::actor)
            .map(|actor| actor.as_str().to_owned())
    };
    context::with_current(actor).unwrap_or_default()
}
