use std::collections::BTreeSet;

use seaworthy::{audit_log::AuditEntry, data::Transaction, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{Json, Reply, require_admin_scope};
use tutoring_identity::Checks;

use super::{ExtractResult, HandlerResult, State};
use crate::{domain::Notice, notify::Notifier, store::Notification};

/// The permission of administrators to send notifications. Those with a territory cannot, because
/// the service does not store the territories of users.
const NOTIFICATION_WRITE: &str = "notification:write";
/// Maximum number of users of one request, so that it takes less than a second.
const MAX_USERS: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendRequest {
    user_id: Option<Uuid>,
    #[serde(flatten)]
    text: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BulkRequest {
    #[serde(default)]
    user_ids: BTreeSet<Uuid>,
    #[serde(flatten)]
    text: Text,
}

/// A missing field is empty, so that a response names each invalid one.
#[derive(Deserialize)]
pub(super) struct Text {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
    data: Option<Value>,
}

impl Text {
    fn notice(&self, user: Uuid) -> Result<Notice, Error> {
        let text = (&*self.title, &*self.body);
        Notice::new(user, &self.r#type, text, self.data.clone())
    }
}

/// Stores notifications, and the audit entry of an administrator.
async fn store(
    notifier: &Notifier,
    notices: &[Notice],
    is_admin: bool,
) -> Result<Vec<Notification>, Error> {
    let write = |tx: Transaction| async move {
        let mut stored = Vec::new();
        for notice in notices {
            // Each request is an event of its own.
            let event = Uuid::new_v4().to_string();
            stored.extend(notifier.store(&tx, &event, notice).await?);
        }
        if is_admin && let Some(first) = notices.first() {
            let users: Vec<_> = notices
                .iter()
                .map(|notice| notice.user.to_string())
                .collect();
            let entry = AuditEntry::new("notification.send")
                .target("user", first.user.to_string())
                .detail("permission", NOTIFICATION_WRITE)
                .detail("users", users.join(" "))
                .detail("title", first.title.clone());
            notifier.audit.append(&tx, entry).await?;
        }
        Ok::<_, Error>(stored)
    };
    notifier.backend.database.transaction(write).await
}

pub(super) async fn send(
    notifier: State,
    request: ExtractResult<Json<SendRequest>>,
) -> HandlerResult {
    let is_admin = require_admin_scope(NOTIFICATION_WRITE)?;
    let Json(request) = request?;
    let notice = request.text.notice(request.user_id.unwrap_or_default());
    let mut checks = Checks::new();
    checks.require("userId", request.user_id.is_some(), "is required");
    let notice = checks.accept(notice.map(Some));
    checks.finish()?;
    let stored = store(&notifier, notice.as_slice(), is_admin).await?;
    Reply::created("notification sent", stored.into_iter().next())
}

pub(super) async fn send_to_all(
    notifier: State,
    request: ExtractResult<Json<BulkRequest>>,
) -> HandlerResult {
    let is_admin = require_admin_scope(NOTIFICATION_WRITE)?;
    let Json(request) = request?;
    let mut checks = Checks::new();
    let has_users = (1..=MAX_USERS).contains(&request.user_ids.len());
    let problem = format!("must have 1 to {MAX_USERS} users");
    checks.require("userIds", has_users, problem);
    // The text is the same for all users.
    let notice = checks.accept(request.text.notice(Uuid::nil()).map(Some));
    checks.finish()?;
    let users = request.user_ids.iter();
    let notices: Vec<_> = users
        .filter_map(|user| {
            notice.clone().map(|notice| Notice {
                user: *user,
                ..notice
            })
        })
        .collect();
    let stored = store(&notifier, &notices, is_admin).await?;
    let data = json!({ "created": stored.len() });
    Reply::created("notifications sent", data)
}
