//! The messages between a student and a trainer.

use maud::html;
use seaworthy::{
    axum::{
        Form,
        extract::{Path, State},
        http::HeaderMap,
        response::{IntoResponse as _, Redirect},
    },
    prelude::*,
};
use serde_json::{Value, json};

use super::{
    Page, PageResult,
    gateway::{Gateway, GatewayError, items, text},
    layout::{action, field, page},
    visitor::{Role, Visitor},
};

#[derive(Deserialize)]
pub(super) struct Message {
    content: String,
}

/// Returns the messages of the conversation with another user, or none.
async fn messages(gateway: &Gateway, visitor: &Visitor, peer: Uuid) -> Result<Value, GatewayError> {
    let all = gateway
        .get(visitor, "/chat/conversations?limit=100")
        .await?;
    let peer = peer.to_string();
    let is_with_peer = |one: &&Value| {
        one.pointer("/participants")
            .is_some_and(|all| all.to_string().contains(&peer))
    };
    match items(&all, "/items").iter().find(is_with_peer) {
        Some(conversation) => {
            let id = text(conversation, "/conversationId");
            let path = format!("/chat/conversations/{id}/messages?limit=100");
            gateway.get(visitor, &path).await
        }
        None => Ok(Value::Null),
    }
}

pub(super) async fn show(
    State(state): State<Page>,
    headers: HeaderMap,
    Path((role, peer)): Path<(Role, Uuid)>,
) -> PageResult {
    let visitor = role.visitor(&headers)?;
    let found = messages(state.gateway()?, &visitor, peer).await?;
    let own = visitor.id.to_string();
    let main = html! {
        @for message in items(&found, "/items") {
            p {
                strong { @if text(message, "/senderId") == own { "You" } @else { "They" } ": " }
                (text(message, "/content"))
            }
        }
        (action(&format!("/chat/{}/{peer}/messages", role.as_str()), "Send", &[], &field("content", "Message", "text", "")))
        p { a href=(role.home()) { "Back" } }
    };
    Ok(page("Messages", "", &main))
}

pub(super) async fn send(
    State(state): State<Page>,
    headers: HeaderMap,
    Path((role, peer)): Path<(Role, Uuid)>,
    Form(message): Form<Message>,
) -> PageResult {
    let visitor = role.visitor(&headers)?;
    let body = json!({ "recipientIds": [peer], "content": message.content, "type": "text" });
    let gateway = state.gateway()?;
    gateway.post(&visitor, "/chat/messages", &body).await?;
    Ok(Redirect::to(&format!("/chat/{}/{peer}", role.as_str())).into_response())
}
