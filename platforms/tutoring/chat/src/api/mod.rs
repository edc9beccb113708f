//! HTTP routes.

mod conversations;
mod doubts;
mod messages;

use std::sync::Arc;

use seaworthy::prelude::*;
use tutoring_contract::{ExtractResult, HandlerResult, Role, grants};
use tutoring_identity::caller;

use crate::{chat::Chats, domain::Participant};

type State = seaworthy::axum::extract::State<Arc<Chats>>;

/// Returns the routes of users. The handlers check that the caller participates.
pub(crate) fn routes(chats: Arc<Chats>) -> Routes {
    let users = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let routes = Routes::new()
        .post("/messages", messages::send)
        .get("/messages/{id}", messages::show)
        .delete("/messages/{id}", messages::delete)
        .post("/attachments/sign", messages::sign_upload)
        .get("/conversations", conversations::list)
        .get("/conversations/{id}", conversations::show)
        .get("/conversations/{id}/messages", conversations::messages)
        .patch("/conversations/{id}/read", conversations::read)
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
        .get("/doubts", doubts::list)
        .get("/doubts/{id}", doubts::show)
        .patch("/doubts/{id}/status", doubts::set_status);
    let students = Routes::new().post("/doubts", doubts::open);
    let trainers = Routes::new().get("/trainer/doubts", doubts::list);
    let replies = Routes::new().post("/doubts/{id}/reply", doubts::reply);
    let admins = Routes::new()
        .get("/admin/doubts", doubts::list)
        .post("/doubts/{id}/reassign", doubts::reassign);
    of(&[student, trainer, admin], shared)
        .merge(of(&[student], students))
        .merge(of(&[trainer], trainers))
        .merge(of(&[trainer, admin], replies))
        .merge(of(&[admin], admins))
}

/// Returns the user of the request's access token, with the role.
fn participant() -> Result<Participant, Error> {
    Ok(Participant {
        id: caller()?,
        role: Role::of(&grants()).unwrap_or(Role::Student),
    })
}
