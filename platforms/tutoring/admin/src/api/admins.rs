//! Handlers of admins, roles and the audit log.

use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Query, Reply, require_everywhere};

use super::{HandlerResult, State, Token, views::admin_view};
use crate::{
    accounts::{AdminChange, NewAdmin},
    domain::{AUDIT_READ, PERMISSIONS, ROLE_READ, Status, errors},
    store::{AuditFilter, audit_records},
};

#[derive(Deserialize)]
pub(super) struct StatusQuery {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionsRequest {
    permissions: Vec<String>,
    reason: Option<String>,
}

/// Parses the ID of an admin. An invalid ID gets the same response as an unknown ID.
fn parse_id(text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| errors::admin_not_found())
}

pub(super) async fn list(
    accounts: State,
    token: Token,
    page: CheckedPage,
    Query(query): Query<StatusQuery>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let found = accounts.admins(&caller.admin, query.status, page).await?;
    Reply::ok("admins", found.map(|admin| admin_view(&admin)))
}

pub(super) async fn get(accounts: State, token: Token, Path(id): Path<String>) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let admin = accounts.admin(&caller.admin, parse_id(&id)?).await?;
    Reply::ok("admin", admin_view(&admin))
}

pub(super) async fn create(
    accounts: State,
    token: Token,
    Json(new): Json<NewAdmin>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let (admin, password) = accounts.create(&caller, new).await?;
    // The new admin changes it after the first login.
    let data = json!({
        "admin": admin_view(&admin),
        "temporaryPassword": password.expose(),
    });
    Reply::created("admin created", data)
}

pub(super) async fn change(
    accounts: State,
    token: Token,
    Path(id): Path<String>,
    Json(change): Json<AdminChange>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let admin = accounts.change(&caller, parse_id(&id)?, change).await?;
    Reply::ok("admin changed", admin_view(&admin))
}

pub(super) async fn roles(accounts: State, token: Token) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let roles = accounts.roles(&caller.admin).await?;
    Reply::ok("roles", json!({ "items": roles }))
}

pub(super) async fn set_permissions(
    accounts: State,
    token: Token,
    Path(role): Path<String>,
    Json(body): Json<PermissionsRequest>,
) -> HandlerResult {
    require_everywhere()?;
    let caller = accounts.caller(&token).await?;
    let (names, reason) = (&body.permissions, body.reason.as_deref());
    let role = accounts
        .set_permissions(&caller, &role, names, reason)
        .await?;
    Reply::ok("role changed", role)
}

pub(super) async fn permissions(accounts: State, token: Token) -> HandlerResult {
    accounts.caller(&token).await?.admin.require(ROLE_READ)?;
    Reply::ok("permissions", json!({ "items": PERMISSIONS }))
}

pub(super) async fn audit_log(
    accounts: State,
    token: Token,
    page: CheckedPage,
    Query(filter): Query<AuditFilter>,
) -> HandlerResult {
    require_everywhere()?;
    accounts.caller(&token).await?.admin.require(AUDIT_READ)?;
    let records = audit_records(&accounts.database, &filter, page).await?;
    Reply::ok("audit log", records)
}
