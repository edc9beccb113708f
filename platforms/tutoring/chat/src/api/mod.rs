//! HTTP routes.

mod conversations;
mod doubts;
mod messages;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{get, patch, post},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role};
use tutoring_identity::caller;

use crate::{chat::Chats, domain::Participant};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Chats>>;

/// Returns the routes of users. The handlers check that the caller participates.
pub(crate) fn routes(chats: Arc<Chats>) -> Routes {
    let users = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let routes = Routes::new()
        .route("/messages", post(messages::send))
        .route(
            "/messages/{id}",
            get(messages::show).delete(messages::delete),
        )
        .route("/attachments/sign", post(messages::sign_upload))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{id}", get(conversations::show))
        .route("/conversations/{id}/messages", get(conversations::messages))
        .route("/conversations/{id}/read", patch(conversations::read))
        .with_options(|options| options.roles(users));
    Routes::new()
        .nest("/api/v1/chat", routes)
        .nest("/api/v1", doubts())
        .with_state(chats)
}

/// Returns the routes of doubts. The handlers check the permissions of administrators.
fn doubts() -> Routes<Arc<Chats>> {
    let [student, trainer, admin] = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let of = |roles: &[&'static str], routes: Routes<Arc<Chats>>| {
        let roles = roles.to_vec();
        routes.with_options(move |options| options.roles(roles.clone()))
    };
    let shared = Routes::new()
        .route("/doubts", get(doubts::list))
        .route("/doubts/{id}", get(doubts::show))
        .route("/doubts/{id}/status", patch(doubts::set_status));
    let students = Routes::new().route("/doubts", post(doubts::open));
    let trainers = Routes::new().route("/trainer/doubts", get(doubts::list));
    let replies = Routes::new().route("/doubts/{id}/reply", post(doubts::reply));
    let admins = Routes::new()
        .route("/admin/doubts", get(doubts::list))
        .route("/doubts/{id}/reassign", post(doubts::reassign));
    of(&[student, trainer, admin], shared)
        .merge(of(&[student], students))
        .merge(of(&[trainer], trainers))
        .merge(of(&[trainer, admin], replies))
        .merge(of(&[admin], admins))
}

/// Returns the user of the request's access token, with the role.
fn participant() -> Result<Participant, Error> {
    let role = context::with_current(|context| {
        let grants = context.map(RequestContext::grants)?;
        let mut roles = [Role::Student, Role::Trainer, Role::Admin].into_iter();
        roles.find(|role| grants.has_role(role.as_str()))
    });
    Ok(Participant {
        id: caller()?,
        role: role.unwrap_or(Role::Student),
    })
}
