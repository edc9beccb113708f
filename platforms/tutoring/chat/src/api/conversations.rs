use seaworthy::{axum::body::Bytes, prelude::*};
use tutoring_contract::{CheckedPage, MAX_PAGE_LIMIT, Path, Query, Reply};
use tutoring_identity::caller;

use super::{ExtractResult, HandlerResult, State};
use crate::{chat::ReadRequest, domain::Cursor, errors, store::conversations};

/// The default number of messages, more than a telephone shows at once.
const DEFAULT_LIMIT: u32 = 20;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FeedQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(super) async fn list(chats: State, page: CheckedPage) -> HandlerResult {
    let user = caller()?;
    let found = conversations::page(&chats.backend.database, user, page).await?;
    let mut items = Vec::new();
    for conversation in &found.items {
        items.push(chats.conversation(user, conversation).await?);
    }
    Reply::ok(
        "conversations",
        page.into_page(items, found.pagination.total),
    )
}

/// Returns the participants, for clients that join the room of a conversation.
pub(super) async fn show(chats: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::conversation_not_found())?;
    let members = chats.members(caller()?, id).await?;
    let participants = chats.participants(&members).await?;
    let data = json!({ "conversationId": id, "participants": participants });
    Reply::ok("conversation", data)
}

pub(super) async fn messages(
    chats: State,
    id: ExtractResult<Path<Uuid>>,
    query: ExtractResult<Query<FeedQuery>>,
) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::conversation_not_found())?;
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_PAGE_LIMIT).contains(&limit) {
        let problem = format!("must be from 1 to {MAX_PAGE_LIMIT}");
        return Err(errors::invalid("limit", &problem));
    }
    let cursor = query.cursor.as_deref().map(Cursor::parse).transpose()?;
    let (items, next) = chats.page(caller()?, id, cursor, limit).await?;
    let data = json!({ "items": items, "nextCursor": next });
    Reply::ok("messages", data)
}

/// Marks messages as read. A request without a body marks all.
pub(super) async fn read(
    chats: State,
    id: ExtractResult<Path<Uuid>>,
    body: Bytes,
) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::conversation_not_found())?;
    let request = match body.is_empty() {
        true => ReadRequest::default(),
        false => serde_json::from_slice(&body)
            .map_err(|_| errors::invalid("upTo", "must be the ID of a message"))?,
    };
    let updated = chats.read(caller()?, id, &request).await?;
    Reply::ok("messages read", json!({ "updatedMessages": updated }))
}
