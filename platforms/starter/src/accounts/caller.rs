//! The caller of a method.
//!
//! A client authenticates with the head of a request, and may send the body much later. Methods
//! that use the session of the caller therefore check it again in their transaction.

use std::sync::Arc;

use seaworthy::{
    auth::token::VerifiedToken,
    axum::{
        extract::Request,
        middleware::{self, Next},
        response::Response,
    },
    config::Settings,
    data::Transaction,
    prelude::*,
};

use super::tokens::CallerSession;
use crate::domain::{UserId, errors};

tokio::task_local! {
    /// The session of the access token. `None` for anonymous callers and API keys.
    static SESSION: Option<CallerSession>;
}

/// Keeps the session of each request's access token for its handler.
pub(crate) fn keep_sessions<C: Settings>(service: &Assembly<C>) {
    service.wrap_routes(|routes| routes.layer(middleware::from_fn(keep_session)));
}

async fn keep_session(request: Request, next: Next) -> Response {
    let token = request.extensions().get::<Arc<VerifiedToken>>();
    let session = token.and_then(|token| CallerSession::from_token(token).ok());
    SESSION.scope(session, next.run(request)).await
}

/// Returns the user of the current request.
///
/// # Errors
/// `TOKEN_INVALID` if the token is not one of a user.
pub(super) fn caller() -> Result<UserId, Error> {
    let context = context::current().ok_or_else(|| Error::internal("there is no request"))?;
    let actor = context.actor().map(|actor| actor.as_str().to_owned());
    UserId::parse(&actor.unwrap_or_default())
}

/// Sets the user of a request that proves it by its content, for logs.
pub(super) fn set_actor(user: UserId) {
    context::with_current(|context| {
        Some(context?.set_actor(seaworthy::core::Actor::new(user.to_string())))
    });
}

/// Returns whether the access token of the current request is still valid. The transaction has
/// locked the row of the user, so it stays valid until the commit.
///
/// # Errors
/// `TOKEN_INVALID` without an access token, and those of the database.
pub(super) async fn is_session_current(tx: &Transaction) -> Result<bool, Error> {
    let session = SESSION.try_with(Clone::clone).ok().flatten();
    let session = session.ok_or_else(errors::token_invalid)?;
    Ok(session.is_current(tx).await?)
}
