use city_events_contract::{Data, Moment, QueryPairs, json_object};
use seaworthy::{
    axum::{
        self,
        body::Bytes,
        extract::{Path, RawQuery, State},
        http::HeaderMap,
        response::{IntoResponse, Response},
    },
    contract::error::ErrorFormat as _,
    prelude::{Access, Error, Routes},
    serde::{Deserialize, Serialize},
};
use serde_json::json;

use super::{
    Api,
    errors::JoinErrors,
    wire::{OwnRecord, PageOf, Part, Record, Stats, id},
};
use crate::domain::{Actor, Cursor, IdempotencyKey, JoinError, JoinStatus, Limit, OwnFilter};

/// The headers of a key, the first first.
const KEY_HEADERS: [&str; 2] = ["x-idempotency-key", "idempotency-key"];
const INVALID_BODY: JoinError = JoinError::Invalid("invalid json body");
const INVALID_EVENT: &str = "invalid event_id";
const INVALID_USER: &str = "invalid user_id";

/// A refusal in the contract's form.
pub(super) struct Refusal(JoinError);

impl From<JoinError> for Refusal {
    fn from(error: JoinError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        JoinErrors.http(Error::from(self.0))
    }
}

type Answer<T> = Result<axum::Json<Data<T>>, Refusal>;

fn data<T: Serialize>(data: T) -> Answer<T> {
    Ok(axum::Json(Data { data }))
}

/// The routes of the contract.
pub(crate) fn routes(api: Api) -> Routes {
    let own = Routes::new()
        .post("/join", join)
        .delete("/join/{event}", cancel)
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
        .with_options(|options| options.access(Access::Public).probe());
    Routes::new().nest("/api/v1", own).merge(probes)
}

/// The key of the request.
fn key(headers: &HeaderMap) -> Result<IdempotencyKey, JoinError> {
    let given = KEY_HEADERS.iter().find_map(|name| {
        let value = headers.get(*name)?;
        Some(String::from_utf8_lossy(value.as_bytes())).filter(|text| !text.trim().is_empty())
    });
    IdempotencyKey::new(&given.unwrap_or_default())
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
    expires_at: Option<Moment>,
}

async fn join(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<serde_json::Value> {
    let actor = Actor::of_request()?;
    let key = key(&headers)?;
    let body: JoinBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let event = id(&body.event_id, INVALID_EVENT)?;
    let joined = api.join(actor, event, key).await?;
    data(json!({ "status": joined.0 }))
}

async fn cancel(
    State(api): State<Api>,
    Path(event): Path<String>,
    headers: HeaderMap,
) -> Answer<serde_json::Value> {
    let actor = Actor::of_request()?;
    let key = key(&headers)?;
    let event = id(&event, INVALID_EVENT)?;
    api.store.cancel(actor, event, key).await?;
    data(json!({ "msg": "canceled" }))
}

async fn own_joins(State(api): State<Api>, RawQuery(query): RawQuery) -> Answer<PageOf<OwnRecord>> {
    let actor = Actor::of_request()?;
    let query = QueryPairs::new(query.as_deref());
    let filter = OwnFilter::of_query(query.text("status"), query.text("from"), query.text("to"))?;
    let (limit, cursor) = page(&query)?;
    let listed = api.store.own(actor.id, &filter, limit, cursor).await?;
    data(listed.into())
}

fn page(query: &QueryPairs) -> Result<(Limit, Option<Cursor>), JoinError> {
    let limit = Limit::of_query(query.get("limit"));
    Ok((limit, Cursor::of_query(query.text("cursor"))?))
}

async fn participation(State(api): State<Api>, Path(event): Path<String>) -> Answer<Part> {
    let actor = Actor::of_request()?;
    let event = id(&event, INVALID_EVENT)?;
    data(api.store.participation(actor.id, event).await?.into())
}

async fn participants(
    State(api): State<Api>,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<PageOf<Record>> {
    people(&api, &event, query.as_deref(), JoinStatus::Active).await
}

async fn waitlist(
    State(api): State<Api>,
    Path(event): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<PageOf<Record>> {
    people(&api, &event, query.as_deref(), JoinStatus::Waitlisted).await
}

async fn people(
    api: &Api,
    event: &str,
    query: Option<&str>,
    status: JoinStatus,
) -> Answer<PageOf<Record>> {
    let actor = Actor::of_request()?;
    let event = id(event, INVALID_EVENT)?;
    let (limit, cursor) = page(&QueryPairs::new(query))?;
    let listed = api
        .store
        .people(actor, event, status, limit, cursor)
        .await?;
    data(listed.into())
}

async fn stats(State(api): State<Api>, Path(event): Path<String>) -> Answer<Stats> {
    let actor = Actor::of_request()?;
    let event = id(&event, INVALID_EVENT)?;
    data(api.store.seats(actor, event).await?.into())
}

async fn kick(
    State(api): State<Api>,
    Path((event, user)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer<serde_json::Value> {
    let actor = Actor::of_request()?;
    let (event, user) = (id(&event, INVALID_EVENT)?, id(&user, INVALID_USER)?);
    let query = QueryPairs::new(query.as_deref());
    let reason = query.text("reason");
    api.store.kick(actor, event, user, reason).await?;
    data(json!({ "msg": "kicked" }))
}

async fn ban(
    State(api): State<Api>,
    Path(event): Path<String>,
    body: Bytes,
) -> Answer<serde_json::Value> {
    let actor = Actor::of_request()?;
    let event = id(&event, INVALID_EVENT)?;
    let body: BanBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let user = id(&body.user_id, INVALID_USER)?;
    let reason = body.reason.unwrap_or_default();
    let end = body.expires_at;
    api.store.ban(actor, event, user, &reason, end).await?;
    data(json!({ "msg": "banned" }))
}

async fn unban(
    State(api): State<Api>,
    Path((event, user)): Path<(String, String)>,
) -> Answer<serde_json::Value> {
    let actor = Actor::of_request()?;
    let (event, user) = (id(&event, INVALID_EVENT)?, id(&user, INVALID_USER)?);
    api.store.unban(actor, event, user).await?;
    data(json!({ "status": "unbanned" }))
}
