//! The user and the token of a connected client, by which services authorize its events.

use seaworthy::{prelude::*, realtime::Call};

/// Returns the last token of the client that sent an event. Other connections of the user have
/// their own, so a client whose session has ended does not use theirs.
///
/// # Errors
/// `TOKEN_EXPIRED` without a token.
pub(crate) fn token(call: &Call) -> Result<&Secret<String>, Error> {
    call.socket().peer().token().ok_or_else(unauthenticated)
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
