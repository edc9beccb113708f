//! Handlers of admins, roles and the audit log.

use std::sync::Arc;

use seaworthy::{
    axum::{extract::State, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{PageRequest, Reply};
use uuid::Uuid;

use super::{Api, Given, HandlerResult, Token, views::AdminView};
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
    #[serde(default)]
    reason: Option<String>,
}

/// Parses the ID of an admin. Another text has the same response as an unknown ID.
fn parse_id(text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| errors::admin_not_found())
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    token: Token,
    page: Given<Query<PageRequest>>,
    query: Given<Query<StatusQuery>>,
) -> HandlerResult {
    let Query(page) = page?;
    let Query(query) = query?;
    let caller = api.caller(&token).await?;
    let page = page.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let (admins, total) = api
        .accounts
        .admins(&caller, query.status, limit, offset)
        .await?;
    let items = admins.iter().map(AdminView::of).collect();
    Ok(Reply::new("admins", page.of(items, total)).into_response())
}

pub(super) async fn get(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    let caller = api.caller(&token).await?;
    let admin = api.accounts.admin(&caller, parse_id(&id)?).await?;
    Ok(Reply::new("admin", AdminView::of(&admin)).into_response())
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    token: Token,
    new: Given<Json<NewAdmin>>,
) -> HandlerResult {
    let Json(new) = new?;
    let caller = api.caller(&token).await?;
    let (admin, password) = api.accounts.create(&caller, new).await?;
    // The new admin changes it after the first login.
    let data = json!({
        "admin": AdminView::of(&admin),
        "temporaryPassword": password.expose(),
    });
    Ok(Reply::new("admin created", data).created())
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
    change: Given<Json<AdminChange>>,
) -> HandlerResult {
    let Json(change) = change?;
    let caller = api.caller(&token).await?;
    let admin = api.accounts.change(&caller, parse_id(&id)?, change).await?;
    Ok(Reply::new("admin changed", AdminView::of(&admin)).into_response())
}

pub(super) async fn roles(State(api): State<Arc<Api>>, token: Token) -> HandlerResult {
    let caller = api.caller(&token).await?;
    let roles = api.accounts.roles(&caller).await?;
    Ok(Reply::new("roles", json!({ "items": roles })).into_response())
}

pub(super) async fn set_permissions(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(role): Path<String>,
    body: Given<Json<PermissionsRequest>>,
) -> HandlerResult {
    let Json(body) = body?;
    let caller = api.caller(&token).await?;
    let (names, reason) = (&body.permissions, body.reason.as_deref());
    let role = api
        .accounts
        .set_permissions(&caller, &role, names, reason)
        .await?;
    Ok(Reply::new("role changed", role).into_response())
}

pub(super) async fn permissions(State(api): State<Arc<Api>>, token: Token) -> HandlerResult {
    api.caller(&token).await?.require(ROLE_READ)?;
    Ok(Reply::new("permissions", json!({ "items": PERMISSIONS })).into_response())
}

pub(super) async fn audit_log(
    State(api): State<Arc<Api>>,
    token: Token,
    page: Given<Query<PageRequest>>,
    filter: Given<Query<AuditFilter>>,
) -> HandlerResult {
    let Query(page) = page?;
    let Query(filter) = filter?;
    api.caller(&token).await?.require(AUDIT_READ)?;
    let page = page.checked()?;
    let database = &api.accounts.database;
    let (records, total) = audit_records(database, &filter, page.limit, page.offset()).await?;
    Ok(Reply::new("audit log", page.of(records, total)).into_response())
}
