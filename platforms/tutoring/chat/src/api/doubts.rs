use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply, Role, require_admin_scope};

use super::{ExtractResult, HandlerResult, State, participant};
use crate::{
    domain::{DoubtRequest, DoubtStatus, Participant},
    doubts::{DOUBT_READ, DOUBT_WRITE, ReassignRequest},
    errors,
    store::DoubtFilter,
};

#[derive(Deserialize)]
pub(super) struct StatusRequest {
    status: DoubtStatus,
}

#[derive(Deserialize)]
pub(super) struct ReplyRequest {
    reply: String,
}

/// Returns the caller. An administrator needs the permission. Refuses an administrator with a
/// territory, because doubts do not belong to a place.
fn permitted(permission: &str) -> Result<Participant, Error> {
    let caller = participant()?;
    if caller.role == Role::Admin {
        require_admin_scope(permission)?;
    }
    Ok(caller)
}

pub(super) async fn open(chats: State, Json(request): Json<DoubtRequest>) -> HandlerResult {
    let opened = chats.open_doubt(participant()?, request).await?;
    Reply::created("doubt sent", opened)
}

/// Returns the doubts of a student, those assigned to a trainer, or all for an administrator.
pub(super) async fn list(
    chats: State,
    filter: ExtractResult<Query<DoubtFilter>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let caller = permitted(DOUBT_READ)?;
    let (Query(mut filter), page) = (filter?, page?);
    match caller.role {
        Role::Student => filter.student_id = Some(caller.id),
        Role::Trainer => filter.trainer_id = Some(caller.id),
        Role::Admin => {}
    }
    Reply::ok("doubts", chats.doubts(filter, page).await?)
}

pub(super) async fn show(chats: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let caller = permitted(DOUBT_READ)?;
    let Path(id) = id.map_err(|_| errors::doubt_not_found())?;
    Reply::ok("doubt", chats.doubt(caller, id).await?)
}

pub(super) async fn set_status(
    chats: State,
    id: ExtractResult<Path<Uuid>>,
    request: ExtractResult<Json<StatusRequest>>,
) -> HandlerResult {
    let caller = permitted(DOUBT_WRITE)?;
    let Path(id) = id.map_err(|_| errors::doubt_not_found())?;
    // Check the ID before the body, so that a doubt of another user is always NOT_FOUND.
    chats.doubt(caller, id).await?;
    let Json(request) = request?;
    let changed = chats.set_doubt_status(caller, id, request.status).await?;
    Reply::ok("doubt changed", changed)
}

pub(super) async fn reply(
    chats: State,
    id: ExtractResult<Path<Uuid>>,
    request: ExtractResult<Json<ReplyRequest>>,
) -> HandlerResult {
    let caller = permitted(DOUBT_WRITE)?;
    let Path(id) = id.map_err(|_| errors::doubt_not_found())?;
    chats.doubt(caller, id).await?;
    let Json(request) = request?;
    let replied = chats.reply_to_doubt(caller, id, &request.reply).await?;
    Reply::created("reply sent", replied)
}

pub(super) async fn reassign(
    chats: State,
    id: ExtractResult<Path<Uuid>>,
    request: ExtractResult<Json<ReassignRequest>>,
) -> HandlerResult {
    let caller = permitted(DOUBT_WRITE)?;
    let Path(id) = id.map_err(|_| errors::doubt_not_found())?;
    let Json(request) = request?;
    let changed = chats.reassign_doubt(caller, id, &request).await?;
    Reply::ok("doubt reassigned", changed)
}
