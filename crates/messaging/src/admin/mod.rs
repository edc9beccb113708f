//! Endpoints of the admin listener for the subscriptions and dead letters of one broker, below
//! `/messaging/NAME`.
//!
//! A change needs a reason. The log records who made the change and why. A replay or a discard
//! takes longer than a request may, so it runs as a job. One job runs at a time, and other requests
//! read its progress or stop it.

mod dead_letters;
mod job;
mod selection;
mod subscriptions;

use axum::http::HeaderMap;
pub(crate) use job::{Job, Jobs};
use seaworthy_core::{Code, Error, RequestContext, context};
use seaworthy_http::Routes;

use crate::{DeadLetters, Messaging};

/// The header of changes, which a web page cannot send to another origin. The admin listener
/// requires it.
const ADMIN_HEADER: &str = "x-admin-request";

/// Returns the endpoints for the broker of this name.
pub(crate) fn routes(name: &str, messaging: &Messaging) -> Routes {
    let endpoints = Routes::new()
        .merge(subscriptions::routes())
        .merge(dead_letters::routes())
        .with_state(messaging.clone());
    Routes::new().nest(&format!("/messaging/{}", segment(name)), endpoints)
}

/// Converts a name to a path segment.
fn segment(name: &str) -> String {
    let safe = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    name.chars()
        .map(|character| if safe(character) { character } else { '-' })
        .collect()
}

fn dead_letters_of(messaging: &Messaging) -> Result<DeadLetters, Error> {
    messaging.dead_letters().ok_or_else(|| {
        Error::new(
            Code::Conflict,
            "MESSAGING_DISABLED",
            "messaging is disabled: its setting `enabled` is false",
        )
    })
}

/// Requires the header of a request that reads from the broker. Browsing moves every dead letter of
/// a queue, so a web page must not be able to start it.
fn require_admin_header(headers: &HeaderMap) -> Result<(), Error> {
    if headers.contains_key(ADMIN_HEADER) {
        return Ok(());
    }
    Err(Error::new(
        Code::Forbidden,
        "ADMIN_HEADER_REQUIRED",
        "a request that reads dead letters must have the header x-admin-request: 1",
    ))
}

fn required(reason: &str) -> Result<&str, Error> {
    match reason.trim() {
        "" => Err(Error::new(
            Code::Invalid,
            "REASON_REQUIRED",
            "a change must have a reason: set the field reason",
        )
        .with_field("reason", "must not be empty")),
        reason => Ok(reason),
    }
}

/// Returns the authenticated actor of the request, or an empty text.
fn actor() -> String {
    let actor = |context: Option<&RequestContext>| {
        context
            .and_then(RequestContext::actor)
            .map(|actor| actor.as_str().to_owned())
    };
    context::with_current(actor).unwrap_or_default()
}
