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
    prelude::{Access, Error, Routes},
    serde::{Deserialize, Serialize},
};
use serde_json::{Value, json};

use super::{
    errors::EventErrors,
    wire::{CreateBody, EventView, UpdateBody, id},
};
use crate::{
    domain::{Actor, CityPrefix, EventError, Filter, OwnPage, PageSize},
    store::Store,
};

/// The contract's.
const LARGEST_BATCH: usize = 50;
const INVALID_BODY: EventError = EventError::invalid("body", "invalid json body");

/// A refusal in the contract's form.
struct Refusal(EventError);

impl From<EventError> for Refusal {
    fn from(error: EventError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        EventErrors.http(Error::from(self.0))
    }
}

type Answer<T> = Result<axum::Json<Data<T>>, Refusal>;

fn data<T: Serialize>(data: T) -> Answer<T> {
    Ok(axum::Json(Data { data }))
}

/// The routes of the contract.
pub(crate) fn routes(store: Store) -> Routes {
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
        .get("/healthz", health)
        .get("/event/v1/health", health)
        .with_options(|options| options.access(Access::Public).probe());
    let routes = public.merge(own).with_state(store);
    Routes::new().nest("/event/v1", routes).merge(probes)
}

async fn health() -> axum::Json<Value> {
    axum::Json(json!({ "data": { "status": "ok" } }))
}

async fn list(State(store): State<Store>, RawQuery(query): RawQuery) -> Answer<Value> {
    let filter = Filter::of_query(&QueryPairs::new(query.as_deref()))?;
    let page = store.list(&filter).await?;
    let items: Vec<EventView> = page.events.into_iter().map(Into::into).collect();
    let mut answer = json!({
        "items": items,
        "page": 1,
        "page_size": filter.size.get(),
        "total": 0,
    });
    if let (Some(answer), Some(next)) = (answer.as_object_mut(), page.next) {
        answer.insert("next_cursor".to_owned(), next.to_string().into());
    }
    data(answer)
}

async fn get(State(store): State<Store>, Path(event): Path<String>) -> Answer<EventView> {
    data(store.get(id(&event)?).await?.into())
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct BatchBody {
    event_ids: Vec<String>,
}

async fn batch(State(store): State<Store>, body: Bytes) -> Answer<BTreeMap<String, EventView>> {
    let body: BatchBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    if body.event_ids.len() > LARGEST_BATCH {
        return Err(EventError::invalid("event_ids", "at most 50 event ids").into());
    }
    let ids = body.event_ids.iter().map(|text| id(text));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let events = store.batch(&ids).await?.into_iter();
    data(
        events
            .map(|event| (event.id.to_string(), event.into()))
            .collect(),
    )
}

async fn cities(State(store): State<Store>, RawQuery(query): RawQuery) -> Answer<Vec<String>> {
    let query = QueryPairs::new(query.as_deref());
    match CityPrefix::of_suggestion(query.text("q")) {
        None => data(Vec::new()),
        Some(prefix) => data(store.cities(&prefix).await?),
    }
}

async fn create(State(store): State<Store>, body: Bytes) -> Result<Response, Refusal> {
    let actor = Actor::of_request()?;
    actor.may_create()?;
    let body: CreateBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    let event = store.create(&actor, body.details()?).await?;
    let answer = data(EventView::from(event))?;
    Ok((StatusCode::CREATED, answer).into_response())
}

async fn update(
    State(store): State<Store>,
    Path(event): Path<String>,
    body: Bytes,
) -> Answer<EventView> {
    let actor = Actor::of_request()?;
    let event = id(&event)?;
    let body: UpdateBody = json_object(&body).map_err(|_| INVALID_BODY)?;
    data(store.update(&actor, event, &body.into()).await?.into())
}

async fn publish(State(store): State<Store>, Path(event): Path<String>) -> Answer<EventView> {
    let actor = Actor::of_request()?;
    data(store.publish(&actor, id(&event)?).await?.into())
}

#[derive(Deserialize)]
#[serde(crate = "seaworthy::serde")]
struct ReasonBody {
    reason: Option<String>,
}

/// Why, if anybody said so: no body and a bad one say nothing.
fn reason(body: &[u8]) -> Option<String> {
    let body: ReasonBody = json_object(body).ok()?;
    body.reason.filter(|reason| !reason.is_empty())
}

async fn unpublish(
    State(store): State<Store>,
    Path(event): Path<String>,
    body: Bytes,
) -> Answer<EventView> {
    let actor = Actor::of_request()?;
    let (event, reason) = (id(&event)?, reason(&body));
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
) -> Answer<EventView> {
    let actor = Actor::of_request()?;
    let (event, reason) = (id(&event)?, reason(&body));
    data(store.cancel(&actor, event, reason.as_deref()).await?.into())
}

async fn own_list(State(store): State<Store>, RawQuery(query): RawQuery) -> Answer<Value> {
    let actor = Actor::of_request()?;
    let query = QueryPairs::new(query.as_deref());
    let page = query.text("page").parse().unwrap_or(1);
    let size = PageSize::of_query(query.get("page_size"));
    let own = OwnPage::new(query.text("status"), page, size)?;
    let (events, total) = store.own(&actor, own).await?;
    let items: Vec<EventView> = events.into_iter().map(Into::into).collect();
    data(json!({
        "items": items,
        "page": own.window.page,
        "page_size": size.get(),
        "total": total,
    }))
}

async fn own_get(State(store): State<Store>, Path(event): Path<String>) -> Answer<EventView> {
    let actor = Actor::of_request()?;
    data(store.get_own(&actor, id(&event)?).await?.into())
}
