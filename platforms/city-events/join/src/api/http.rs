use city_events_contract::{Data, QueryPairs, Timestamp, json_object};
use seaworthy::{
    axum::{
        self,
        body::Bytes,
        extract::{Path, RawQuery, State},
        http::{HeaderMap, StatusCode},
        response::{IntoResponse, Response},
    },
    contract::error::ErrorFormat as _,
    health::Health,
    http::Priority,
    prelude::{Access, Error, Routes},
    serde::{Deserialize, Serialize},
};
use serde_json::json;

use super::{
    Api, current_actor,
    errors::JoinErrors,
    wire::{OwnRecord, PageOf, ParticipationRecord, Record, SeatsRecord, parse_id},
};
use crate::{
    application::JoinError,
    domain::{Cursor, IdempotencyKey, JoinStatus, Limit, OwnFilter, Rejection},
};

/// The headers of an idempotency key, in the order of precedence.
const KEY_HEADERS: [&str; 2] = ["x-idempotency-key", "idempotency-key"];
const INVALID_BODY: Rejection = Rejection::Invalid("invalid json body");
const INVALID_EVENT: &str = "invalid event_id";
const INVALID_USER: &str = "invalid user_id";

/// An error response in the form of the contract.
pub(super) struct HttpError(JoinError);

impl From<JoinError> for HttpError {
    fn from(error: JoinError) -> Self {
        Self(error)
    }
}

impl From<Rejection> for HttpError {
    fn from(rejection: Rejection) -> Self {
        Self(rejection.into())
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        JoinErrors.http(Error::from(self.0))
    }
}

type JsonResult<T> = Result<axum::Json<Data<T>>, HttpError>;

fn data<T: Serialize>(data: T) -> JsonResult<T> {
    Ok(axum::Json(Data { data }))
}

/// Returns the routes of the contract.
pub(crate) fn routes(api: Api, health: &Health) -> Routes {
    let health = health.clone();
    // Under overload, reads are rejected before joins.
    let changes = Routes::new()
        .post("/join", join)
        .delete("/join/{event}", cancel)
        .with_options(|options| options.priority(Priority::Critical));
    let joins = Routes::new()
        .merge(changes)
        .get("/me/joins", own_joins)
        .get("/events/{event}/participation", participation)
        .get("/events/{event}/participants", participants)
        .get("/events/{event}/waitlist", waitlist)
        .get("/events/{event}/stats", stats)
        .delete("/events/{event}/participants/{user}", kick)
        .post("/events/{event}/bans", ban)
        .delete("/events/{event}/bans/{user}", unban)
        .with_options(|options| options.access(Access::Authenticated))
        .with_state(api);
    let probes = Routes::new()
        .get("/healthz", async || "OK")
        .get("/join/v1/health", async || "OK")
        .get("/readyz", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe());
    Routes::new().nest("/api/v1", joins).merge(probes)
}

/// Responds whether the service accepts traffic. It uses no Redis.
fn ready(health: &Health) -> Response {
    let (status, text) = match health.readiness().accepts_traffic() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let body = json!({ "redis": "not_configured", "status": text });
    (status, axum::Json(body)).into_response()
}

/// Returns the idempotency key of the request.
fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Rejection> {
    let text = KEY_HEADERS.iter().find_map(|name| {
        let value = headers.get(*name)?;
        Some(String::from_utf8_lossy(value.as_bytes())).filter(|text| !text.trim().is_empty())
    });
    IdempotencyKey::new(&text.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct JoinBody {
    event_id: String,
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct BanBody {
    user_id: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

async fn join(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Bytes,
) -> JsonResult<serde_json::Value> {
    let actor = current_actor()?;
    let key = idempotency_key(&headers)?;
    let body: JoinBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let event = parse_id(&body.event_id, INVALID_EVENT)?;
    let joined = api.join(actor, event, key).await?;
    data(json!({ "status": joined.0 }))
}

async fn cancel(
    State(api): State<Api>,
    Path(event): Path<String>,
    headers: HeaderMap,
) -> JsonResult<serde_json::Value> {
    let actor = current_actor()?;
    let key = idempotency_key(&headers)?;
    let event = parse_id(&event, INVALID_EVENT)?;
    api.joins.cancel(actor, event, key).await?;
    data(json!({ "msg": "canceled" }))
}

async fn own_joins(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
) -> JsonResult<PageOf<OwnRecord>> {
    let actor = current_actor()?;
    let query = QueryPairs::new(query.as_deref());
    let filter = OwnFilter::from_query(query.text("status"), query.text("from"), query.text("to"))?;
    let (limit, cursor) = page(&query)?;
    let page = api.joins.list_own(actor.id, &filter, limit, cursor).await?;
    data(page.into())
}

fn page(query: &QueryPairs) -> Result<(Limit, Option<Cursor>), Rejection> {
    let limit = Limit::from_query(query.get("limit"));
    Ok((limit, Cursor::from_query(query.text("cursor"))?))
}

async fn participation(
    State(api): State<Api>,
    Path(event): Path<String>,
) -> JsonResult<ParticipationRecord> {
    let actor = current_actor()?;
    let event = parse_id(&event, INVALID_EVENT)?;
    data(api.joins.participation(actor.id, event).await?.into())
}

async fn participants(
    State(api): State<Api>,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
) -> JsonResult<PageOf<Record>> {
    list_by_status(&api, &event, query.as_deref(), JoinStatus::Active).await
}

async fn waitlist(
    State(api): State<Api>,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
) -> JsonResult<PageOf<Record>> {
    list_by_status(&api, &event, query.as_deref(), JoinStatus::Waitlisted).await
}

async fn list_by_status(
    api: &Api,
    event: &str,
    query: Option<&str>,
    status: JoinStatus,
) -> JsonResult<PageOf<Record>> {
    let actor = current_actor()?;
    let event = parse_id(event, INVALID_EVENT)?;
    let (limit, cursor) = page(&QueryPairs::new(query))?;
    let page = api
        .joins
        .list_by_status(actor, event, status, limit, cursor)
        .await?;
    data(page.into())
}

async fn stats(State(api): State<Api>, Path(event): Path<String>) -> JsonResult<SeatsRecord> {
    let actor = current_actor()?;
    let event = parse_id(&event, INVALID_EVENT)?;
    data(api.joins.seats(actor, event).await?.into())
}

async fn kick(
    State(api): State<Api>,
    Path((event, user)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> JsonResult<serde_json::Value> {
    let actor = current_actor()?;
    let (event, user) = (
        parse_id(&event, INVALID_EVENT)?,
        parse_id(&user, INVALID_USER)?,
    );
    let query = QueryPairs::new(query.as_deref());
    let reason = query.text("reason");
    api.joins.kick(actor, event, user, reason).await?;
    data(json!({ "msg": "kicked" }))
}

async fn ban(
    State(api): State<Api>,
    Path(event): Path<String>,
    body: Bytes,
) -> JsonResult<serde_json::Value> {
    let actor = current_actor()?;
    let event = parse_id(&event, INVALID_EVENT)?;
    let body: BanBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let user = parse_id(&body.user_id, INVALID_USER)?;
    let reason = body.reason.unwrap_or_default();
    let end = body.expires_at;
    api.joins.ban(actor, event, user, &reason, end).await?;
    data(json!({ "msg": "banned" }))
}

async fn unban(
    State(api): State<Api>,
    Path((event, user)): Path<(String, String)>,
) -> JsonResult<serde_json::Value> {
    let actor = current_actor()?;
    let (event, user) = (
        parse_id(&event, INVALID_EVENT)?,
        parse_id(&user, INVALID_USER)?,
    );
    api.joins.unban(actor, event, user).await?;
    data(json!({ "status": "unbanned" }))
}
