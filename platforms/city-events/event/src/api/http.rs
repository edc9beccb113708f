use std::collections::BTreeMap;

use city_events_contract::{Data, QueryPairs, json_object};
use seaworthy::{
    axum::{
        self,
        body::Bytes,
        extract::{Path, RawQuery, State},
        http::StatusCode,
        response::{IntoResponse, Response},
    },
    contract::error::ErrorFormat as _,
    health::{CheckStatus, Health},
    prelude::{Access, Error, Routes},
    serde::{Deserialize, Serialize},
};
use serde_json::{Value, json};

use super::{
    errors::EventErrors,
    views::{CreateBody, EventView, UpdateBody, parse_id},
};
use crate::{
    domain::{Actor, CityPrefix, EventError, Filter, OwnPage, PageSize},
    service::DATABASE,
    store::Store,
};

/// Maximum number of IDs in a batch request, as the contract requires.
const MAX_BATCH: usize = 50;
const INVALID_BODY: EventError = EventError::invalid("body", "invalid json body");

/// An error in the format of the contract.
struct HandlerError(EventError);

impl From<EventError> for HandlerError {
    fn from(error: EventError) -> Self {
        Self(error)
    }
}

impl IntoResponse for HandlerError {
    fn into_response(self) -> Response {
        EventErrors.http(Error::from(self.0))
    }
}

type DataResult<T> = Result<axum::Json<Data<T>>, HandlerError>;

fn data<T: Serialize>(data: T) -> DataResult<T> {
    Ok(axum::Json(Data { data }))
}

/// Returns the HTTP routes of the contract.
pub(crate) fn routes(store: Store, health: &Health) -> Routes {
    let health = health.clone();
    let public = Routes::new()
        .get("/events", list)
        .get("/events/{id}", get)
        .post("/events/batch", batch)
        .get("/meta/cities", cities)
        .with_options(|options| options.access(Access::Public));
    let own = Routes::new()
        .post("/events", create)
        .patch("/events/{id}", update)
        .post("/events/{id}/publish", publish)
        .post("/events/{id}/unpublish", unpublish)
        .post("/events/{id}/cancel", cancel)
        .get("/organizer/events", own_list)
        .get("/organizer/events/{id}", own_get)
        .with_options(|options| options.access(Access::Authenticated));
    let probes = Routes::new()
        .get("/healthz", alive)
        .get("/event/v1/health", alive)
        .get("/readyz", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe());
    let routes = public.merge(own).with_state(store);
    Routes::new().nest("/event/v1", routes).merge(probes)
}

async fn alive() -> axum::Json<Value> {
    axum::Json(json!({ "data": { "status": "ok" } }))
}

/// Responds whether the service accepts traffic. It has no cache in Redis.
fn ready(health: &Health) -> Response {
    let report = health.report();
    let mut checks = report.checks.iter();
    let database = match checks.find(|check| check.name == DATABASE) {
        Some(check) if check.status == CheckStatus::Healthy => "healthy",
        _ => "unhealthy: no successful check",
    };
    let (status, text) = match report.status.accepts_traffic() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let body = json!({ "database": database, "redis": "not_configured", "status": text });
    (status, axum::Json(body)).into_response()
}

async fn list(State(store): State<Store>, RawQuery(query): RawQuery) -> DataResult<Value> {
    let filter = Filter::from_query(&QueryPairs::new(query.as_deref()))?;
    let page = store.list(&filter).await?;
    let items: Vec<EventView> = page.events.into_iter().map(Into::into).collect();
    let mut page_body = json!({
        "items": items,
        "page": 1,
        "page_size": filter.size.get(),
        "total": 0,
    });
    if let (Some(body), Some(next)) = (page_body.as_object_mut(), page.next) {
        body.insert("next_cursor".to_owned(), next.to_string().into());
    }
    data(page_body)
}

async fn get(State(store): State<Store>, Path(event): Path<String>) -> DataResult<EventView> {
    data(store.get(parse_id(&event)?).await?.into())
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct BatchBody {
    event_ids: Vec<String>,
}

async fn batch(State(store): State<Store>, body: Bytes) -> DataResult<BTreeMap<String, EventView>> {
    let body: BatchBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    if body.event_ids.len() > MAX_BATCH {
        return Err(EventError::invalid("event_ids", "at most 50 event ids").into());
    }
    let ids = body.event_ids.iter().map(|text| parse_id(text));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let events = store.get_batch(&ids).await?.into_iter();
    data(
        events
            .map(|(event, _)| (event.id.to_string(), event.into()))
            .collect(),
    )
}

async fn cities(State(store): State<Store>, RawQuery(query): RawQuery) -> DataResult<Vec<String>> {
    let query = QueryPairs::new(query.as_deref());
    match CityPrefix::from_suggestion(query.text("q")) {
        None => data(Vec::new()),
        Some(prefix) => data(store.suggest_cities(&prefix).await?),
    }
}

async fn create(State(store): State<Store>, body: Bytes) -> Result<Response, HandlerError> {
    let actor = Actor::from_context()?;
    actor.authorize_create()?;
    let body: CreateBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let event = store.create(&actor, body.details()?).await?;
    let body = data(EventView::from(event))?;
    Ok((StatusCode::CREATED, body).into_response())
}

async fn update(
    State(store): State<Store>,
    Path(event): Path<String>,
    body: Bytes,
) -> DataResult<EventView> {
    let actor = Actor::from_context()?;
    let event = parse_id(&event)?;
    let body: UpdateBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    data(store.update(&actor, event, &body.into()).await?.into())
}

async fn publish(State(store): State<Store>, Path(event): Path<String>) -> DataResult<EventView> {
    let actor = Actor::from_context()?;
    data(store.publish(&actor, parse_id(&event)?).await?.into())
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct ReasonBody {
    reason: Option<String>,
}

/// Returns the reason in a body. A missing or invalid body has none.
fn reason(body: &[u8]) -> Option<String> {
    let body: ReasonBody = json_object(body).ok()?;
    body.reason.filter(|reason| !reason.is_empty())
}

async fn unpublish(
    State(store): State<Store>,
    Path(event): Path<String>,
    body: Bytes,
) -> DataResult<EventView> {
    let actor = Actor::from_context()?;
    let (event, reason) = (parse_id(&event)?, reason(&body));
    data(
        store
            .unpublish(&actor, event, reason.as_deref())
            .await?
            .into(),
    )
}

async fn cancel(
    State(store): State<Store>,
    Path(event): Path<String>,
    body: Bytes,
) -> DataResult<EventView> {
    let actor = Actor::from_context()?;
    let (event, reason) = (parse_id(&event)?, reason(&body));
    data(store.cancel(&actor, event, reason.as_deref()).await?.into())
}

async fn own_list(State(store): State<Store>, RawQuery(query): RawQuery) -> DataResult<Value> {
    let actor = Actor::from_context()?;
    let query = QueryPairs::new(query.as_deref());
    let page = query.text("page").parse().unwrap_or(1);
    let size = PageSize::from_query(query.get("page_size"));
    let own = OwnPage::new(query.text("status"), page, size)?;
    let (events, total) = store.list_own(&actor, own).await?;
    let items: Vec<EventView> = events.into_iter().map(Into::into).collect();
    data(json!({
        "items": items,
        "page": own.window.page,
        "page_size": size.get(),
        "total": total,
    }))
}

async fn own_get(State(store): State<Store>, Path(event): Path<String>) -> DataResult<EventView> {
    let actor = Actor::from_context()?;
    data(store.get_own(&actor, parse_id(&event)?).await?.into())
}
