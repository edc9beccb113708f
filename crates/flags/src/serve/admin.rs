use std::collections::BTreeMap;

use axum::{extract::State, response::IntoResponse};
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_http::{Json, Path, Query, Routes};
use serde::Deserialize;
use serde_json::Value;

use super::listing::{self, Listed};
use crate::{Author, ChangeError, Changed, Feature, Flags, NewOverride, OverrideScope};

/// Returns the endpoints of the admin listener.
pub(crate) fn routes(flags: &Flags) -> Routes {
    Routes::new()
        .get("/flags", list)
        .get("/flags/export", export)
        .get("/flags/export.csv", export_csv)
        .get("/flags/tree", tree)
        .post("/flags/{key}/explain", explain)
        .put("/flags/{key}/override", set)
        .delete("/flags/{key}/override", unset)
        .with_state(flags.clone())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explain {
    #[serde(default)]
    context: Option<Value>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Set {
    variant: String,
    reason: String,
    #[serde(default)]
    expires_in: Option<Timeout>,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unset {
    reason: String,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

async fn list(State(flags): State<Flags>) -> Json<Vec<Listed>> {
    Json(listing::list(&flags))
}

async fn export(State(flags): State<Flags>) -> Json<Value> {
    Json(listing::export(&flags))
}

async fn export_csv(State(flags): State<Flags>) -> impl IntoResponse {
    let header = [(CONTENT_TYPE, "text/csv; charset=utf-8")];
    (header, flags.export_csv())
}

async fn tree(State(flags): State<Flags>) -> Json<BTreeMap<String, Vec<Feature>>> {
    Json(flags.tree())
}

async fn explain(
    State(flags): State<Flags>,
    Path(key): Path<String>,
    Json(request): Json<Explain>,
) -> Result<Json<Value>, Error> {
    let context = request
        .context
        .unwrap_or_else(|| Value::Object(Default::default()));
    let context = listing::read_context(&context)
        .map_err(|problem| Error::new(Code::Invalid, "INVALID_CONTEXT", problem))?;
    Ok(Json(listing::explain(&flags, &key, &context)))
}

async fn set(
    State(flags): State<Flags>,
    Path(key): Path<String>,
    Json(request): Json<Set>,
) -> Result<Json<Changed>, Error> {
    let mut new =
        NewOverride::new(key, request.variant).scope(scope(request.tenant, request.user)?);
    if let Some(time) = request.expires_in {
        new = new.expires_in(time);
    }
    let author = Author::new(request.reason);
    Ok(Json(flags.set_override(&new, &author).await?))
}

async fn unset(
    State(flags): State<Flags>,
    Path(key): Path<String>,
    Query(request): Query<Unset>,
) -> Result<Json<Changed>, Error> {
    let scope = scope(request.tenant, request.user)?;
    let author = Author::new(request.reason);
    Ok(Json(flags.unset_override(&key, &scope, &author).await?))
}

/// Returns the scope of a request that names a tenant, a user or neither.
pub(crate) fn scope(
    tenant: Option<String>,
    user: Option<String>,
) -> Result<OverrideScope, ChangeError> {
    match (tenant, user) {
        (None, None) => Ok(OverrideScope::All),
        (Some(tenant), None) => Ok(OverrideScope::Tenant(tenant)),
        (None, Some(user)) => Ok(OverrideScope::User(user)),
        (Some(_), Some(_)) => Err(ChangeError::Field {
            field: "user",
            problem: "must not be combined with `tenant`: set two overrides".to_owned(),
        }),
    }
}
