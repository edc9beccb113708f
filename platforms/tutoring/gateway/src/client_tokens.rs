//! The tokens of connected clients, with which services authorize their events.

use std::time::Duration;

use moka::sync::Cache;
use seaworthy::{core::Actor, prelude::*, realtime::Call};

/// TTL of stored tokens. Tokens expire after 10 minutes, which closes their connection.
const TOKEN_TTL: Duration = Duration::from_secs(15 * 60);
/// Maximum number of stored tokens, more than the connections of a gateway.
const MAX_USERS: u64 = 20_000;

/// The last token of each connected user. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ClientTokens(Cache<String, Secret<String>>);

impl ClientTokens {
    pub(crate) fn new() -> Self {
        let tokens = Cache::builder().max_capacity(MAX_USERS);
        Self(tokens.time_to_live(TOKEN_TTL).build())
    }

    /// Keeps the token of a user who connected.
    pub(crate) fn keep(&self, actor: &Actor, token: &str) {
        let token = Secret::new(token.to_owned());
        self.0.insert(actor.as_str().to_owned(), token);
    }

    /// Returns the token of the user who sent an event.
    ///
    /// # Errors
    /// `TOKEN_EXPIRED` without a token.
    pub(crate) fn of(&self, call: &Call) -> Result<Secret<String>, Error> {
        self.0.get(&user(call)?).ok_or_else(unauthenticated)
    }
}

/// Returns the user who sent an event.
///
/// # Errors
/// `TOKEN_EXPIRED` without a user.
pub(crate) fn user(call: &Call) -> Result<String, Error> {
    let actor = call.socket().peer().actor();
    let actor = actor.ok_or_else(unauthenticated)?;
    Ok(actor.as_str().to_owned())
}

fn unauthenticated() -> Error {
    let message = "send a new token with the event auth:refresh";
    Error::new(Code::Unauthenticated, "TOKEN_EXPIRED", message)
}
