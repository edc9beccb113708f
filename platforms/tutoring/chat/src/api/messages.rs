use serde_json::json;
use tutoring_contract::{Json, Path, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State, participant};
use crate::{chat::UploadRequest, domain::MessageRequest, errors};

pub(super) async fn send(chats: State, Json(request): Json<MessageRequest>) -> HandlerResult {
    Reply::created("message sent", chats.send(participant()?, request).await?)
}

pub(super) async fn show(chats: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::message_not_found())?;
    Reply::ok("message", chats.message(caller()?, id).await?)
}

pub(super) async fn delete(chats: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::message_not_found())?;
    chats.delete(caller()?, id).await?;
    Ok(Reply::message("message deleted").into_response())
}

pub(super) async fn sign_upload(chats: State, Json(request): Json<UploadRequest>) -> HandlerResult {
    let (url, signed) = chats.sign_upload(caller()?, &request)?;
    let data = json!({ "url": url, "upload": signed.members() });
    Reply::ok("upload the attachment", data)
}
