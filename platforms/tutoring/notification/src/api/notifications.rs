use futures::future::join_all;
use serde_json::json;
use tutoring_contract::{CheckedPage, Path, Query, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State};
use crate::{
    errors,
    notify::Notifier,
    store::{Filter, Notification, notifications},
};

/// Returns a notification with the text and the data that its user sees.
async fn opened(notifier: &Notifier, stored: Notification) -> Notification {
    let of = (stored.user_id, stored.r#type.as_str());
    let (body, data) = notifier.opened(of, (stored.body, stored.data)).await;
    Notification {
        body,
        data,
        ..stored
    }
}

pub(super) async fn list(
    notifier: State,
    Query(filter): Query<Filter>,
    page: CheckedPage,
) -> HandlerResult {
    let (database, filter) = (&notifier.backend.database, (&filter, &notifier.zone));
    let found = notifications::page(database, caller()?, filter, page).await?;
    let items = join_all(
        found
            .items
            .into_iter()
            .map(|stored| opened(&notifier, stored)),
    )
    .await;
    Reply::ok(
        "notifications",
        page.into_page(items, found.pagination.total),
    )
}

pub(super) async fn unread(notifier: State) -> HandlerResult {
    let count = notifications::unread(&notifier.backend.database, caller()?).await?;
    Reply::ok("unread notifications", json!({ "unreadCount": count }))
}

async fn mark(notifier: &Notifier, id: Uuid, is_read: bool) -> HandlerResult {
    let marked = notifications::mark(&notifier.backend.database, caller()?, id, is_read).await?;
    let marked = marked.ok_or_else(errors::not_found)?;
    Reply::ok("notification", opened(notifier, marked).await)
}

pub(super) async fn mark_read(notifier: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::not_found())?;
    mark(&notifier, id, true).await
}

pub(super) async fn mark_unread(notifier: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::not_found())?;
    mark(&notifier, id, false).await
}

pub(super) async fn mark_all_read(notifier: State) -> HandlerResult {
    let updated = notifications::mark_all_read(&notifier.backend.database, caller()?).await?;
    let data = json!({ "updated": updated });
    Reply::ok("all notifications are read", data)
}

pub(super) async fn delete(notifier: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id.map_err(|_| errors::not_found())?;
    match notifications::delete(&notifier.backend.database, caller()?, id).await? {
        true => Ok(Reply::message("notification deleted").into_response()),
        false => Err(errors::not_found()),
    }
}

pub(super) async fn delete_read(notifier: State) -> HandlerResult {
    let deleted = notifications::delete_read(&notifier.backend.database, caller()?).await?;
    let data = json!({ "deleted": deleted });
    Reply::ok("read notifications deleted", data)
}
