//! Handlers of the routes of moderators and admins.

use std::sync::Arc;

use city_events_contract::Role;
use seaworthy::{
    axum::{extract::State, response::Response},
    prelude::*,
};
use serde_json::json;

use super::{
    body::Body,
    errors::ApiError,
    handlers::{Token, data},
    limits::Scope,
    routes::Api,
    views::{StatusView, UserView},
};
use crate::{
    accounts::Caller,
    domain::{UserId, errors},
};

type HandlerResult = Result<Response, ApiError>;

#[derive(Deserialize)]
pub(super) struct RoleRequest {
    role: Option<String>,
}

impl Api {
    async fn caller(&self, token: &Token, required: Role, scope: Scope) -> Result<Caller, Error> {
        self.limits.admit(scope).await?;
        self.accounts.caller(&token.0).await?.require_role(required)
    }
}

pub(super) async fn admin(State(api): State<Arc<Api>>, token: Token) -> HandlerResult {
    let caller = api.caller(&token, Role::Admin, Scope::Admin).await?;
    let user = UserView::bare(&caller.user);
    Ok(data(json!({ "message": "admin ok", "user": user })))
}

pub(super) async fn set_role(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
    Body(body): Body<RoleRequest>,
) -> HandlerResult {
    let caller = api.caller(&token, Role::Admin, Scope::Admin).await?;
    let name = body
        .role
        .as_deref()
        .map(str::trim)
        .filter(|role| !role.is_empty());
    let name = name.ok_or_else(|| errors::missing_field("role"))?;
    let role = Role::from_name(name)
        .ok_or_else(|| errors::invalid_field("role", "it must be user, moderator or admin"))?;
    let target = UserId::parse(&id)?;
    api.accounts.set_role(&caller, target, role).await?;
    let response = json!({ "status": "role_updated", "user_id": target.to_string(), "role": role });
    Ok(data(response))
}

pub(super) async fn status(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    api.caller(&token, Role::Admin, Scope::Admin).await?;
    let user = api.accounts.user(UserId::parse(&id)?).await?;
    Ok(data(StatusView::from(&user)))
}

pub(super) async fn revoke_sessions(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    let caller = api.caller(&token, Role::Admin, Scope::Admin).await?;
    let target = UserId::parse(&id)?;
    api.accounts.revoke_sessions_of(&caller, target).await?;
    Ok(data(
        json!({ "status": "revoked", "user_id": target.to_string() }),
    ))
}

pub(super) async fn reset_totp(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    let caller = api.caller(&token, Role::Admin, Scope::Admin).await?;
    let target = UserId::parse(&id)?;
    api.accounts.reset_totp(&caller, target).await?;
    Ok(data(
        json!({ "status": "totp_reset", "user_id": target.to_string() }),
    ))
}

pub(super) async fn ban(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    set_locked(&api, &token, &id, true, "banned").await
}

pub(super) async fn unban(
    State(api): State<Arc<Api>>,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    set_locked(&api, &token, &id, false, "unbanned").await
}

async fn set_locked(
    api: &Api,
    token: &Token,
    id: &str,
    locked: bool,
    status: &str,
) -> HandlerResult {
    let caller = api
        .caller(token, Role::Moderator, Scope::Moderation)
        .await?;
    let target = UserId::parse(id)?;
    api.accounts.set_locked(&caller, target, locked).await?;
    Ok(data(
        json!({ "status": status, "user_id": target.to_string() }),
    ))
}
