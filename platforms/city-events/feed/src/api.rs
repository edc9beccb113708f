use std::{collections::HashMap, net::IpAddr, num::NonZeroU32};

use chrono::Utc;
use city_events_contract::{Counters, Limit, LimitError, Moment, json_object};
use seaworthy::{
    axum::{
        body::Bytes,
        extract::State,
        http::{HeaderMap, StatusCode, header},
        response::{IntoResponse as _, Response},
        routing::{get, post},
    },
    core::context,
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    actor::{Actors, Visitor},
    config::{FeedConfig, TrackLimitsConfig},
    cursor::Cursor,
    rank::{self, FeedType},
    store::{Store, Wanted},
};

/// Items of a page, and the most of them.
const DEFAULT_LIMIT: usize = 10;
const MOST: usize = 50;
const MINUTE: Timeout = Timeout::from_secs(60);
const DAY: Timeout = Timeout::from_secs(24 * 60 * 60);

/// What routes need.
#[derive(Clone)]
pub(crate) struct Api {
    store: Store,
    actors: Actors,
    by_actor: Limit,
    by_address: Limit,
    /// Without this limit, a client without cookies could raise an event in the ranking without
    /// bound.
    views_by_address: Limit,
}

impl Api {
    pub(crate) fn new(
        store: Store,
        actors: Actors,
        service: &Assembly<FeedConfig>,
        limits: &TrackLimitsConfig,
    ) -> Result<Self, StartError> {
        let counters = Counters::open(service, "track.redis", &limits.redis)?;
        let limit = |requests: NonZeroU32, window| RateLimitConfig {
            requests,
            window,
            ..RateLimitConfig::default()
        };
        Ok(Self {
            store,
            actors,
            by_actor: counters.limit("track by actor", limit(limits.requests_per_actor, MINUTE)),
            by_address: counters.limit(
                "track by address",
                limit(limits.requests_per_address, MINUTE),
            ),
            views_by_address: counters.limit(
                "anonymous views by address",
                limit(limits.anonymous_views_per_address, DAY),
            ),
        })
    }
}

impl Api {
    /// Whether a view counts. All views of users count, and those of anonymous visitors up to the
    /// limit of their address.
    async fn counts(
        &self,
        visitor: &Visitor,
        address: Option<IpAddr>,
        event: Uuid,
    ) -> Result<bool, LimitError> {
        let Some(address) = address.filter(|_| !visitor.is_user) else {
            return Ok(true);
        };
        let key = RateLimitKey::address(address).on_route(event.to_string());
        match self.views_by_address.admit(&key).await {
            Ok(_) => Ok(true),
            Err(LimitError::Exceeded(_)) => Ok(false),
            Err(degraded @ LimitError::Degraded) => Err(degraded),
        }
    }
}

pub(crate) fn routes(api: Api) -> Routes {
    let open = || RouteOptions::new().access(Access::Optional);
    let probe = RouteOptions::new().access(Access::Public).probe();
    Routes::new()
        .route_with("/api/feed", get(feed), open())
        .route_with("/api/feed/", get(feed), open())
        .route_with("/api/feed/track", post(track), open())
        .route_with("/api/feed/health", get(async || "ok"), probe)
        .with_state(api)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    r#type: Option<String>,
    city: String,
    category: String,
    q: String,
    search: String,
    limit: String,
    cursor: String,
}

async fn feed(
    State(api): State<Api>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let visitor = api.actors.of(&headers);
    let kind = match asked.r#type.as_deref() {
        None | Some("") if visitor.is_user => FeedType::Personalized,
        None | Some("") => FeedType::Trending,
        Some(name) => match FeedType::named(name) {
            Some(kind) => kind,
            None => return Ok(line(StatusCode::BAD_REQUEST, "invalid feed type")),
        },
    };
    // Not every database can look for it.
    if [&asked.city, &asked.category, &asked.q, &asked.search]
        .iter()
        .any(|text| text.contains('\0'))
    {
        return Ok(line(StatusCode::BAD_REQUEST, "invalid query"));
    }
    let limit: Option<usize> = asked.limit.parse().ok();
    let limit = limit
        .filter(|limit| (1..=MOST).contains(limit))
        .unwrap_or(DEFAULT_LIMIT);
    let now = Moment::now().get();
    let after = Cursor::read(&asked.cursor, now);
    let ranked_at = after.map_or(now, |cursor| cursor.ranked_at);
    let wanted = Wanted {
        city: asked.city,
        category: asked.category,
        words: if asked.q.is_empty() {
            asked.search
        } else {
            asked.q
        },
    };
    let events = api.store.listed(&wanted, Utc::now()).await?;
    let counts = match kind {
        FeedType::Latest => HashMap::new(),
        _ => api.store.counts(&events, ranked_at).await?,
    };
    let tastes = match (kind, &visitor.actor) {
        (FeedType::Personalized, Some(actor)) => match api.store.tastes(actor, ranked_at).await {
            Ok(tastes) => tastes,
            // What everybody likes is better than nothing.
            Err(error) => {
                tracing::warn!(%error, "nobody's taste can be read");
                HashMap::new()
            }
        },
        _ => HashMap::new(),
    };
    let (items, next) = rank::page(kind, events, &counts, &tastes, (ranked_at, after, limit));
    let items: Vec<_> = items
        .iter()
        .map(|ranked| {
            let event = &ranked.event;
            json!({
                "id": event.id,
                "title": event.title,
                "city": event.city,
                "tags": [event.category],
                "start_time": Moment::from(event.starts).to_string(),
                "trend_score": ranked.score,
                "cover_image_ids": event.covers,
            })
        })
        .collect();
    let body = json!({
        "feed_type": kind.as_str(),
        "items": items,
        "has_more": next.is_some(),
        "next_cursor": next.map(|next| next.text()).unwrap_or_default(),
    });
    let mut response = Json(body).into_response();
    if let Some(cookie) = visitor.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Deserialize)]
struct Tracked {
    event_type: String,
    event_id: Uuid,
}

async fn track(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Result<Response, Error> {
    let address =
        context::with_current(|context| context.and_then(|context| context.client_address()));
    if let Some(address) = address
        && let Err(reason) = api.by_address.admit(&RateLimitKey::address(address)).await
    {
        return Ok(not_admitted(&reason));
    }
    let Ok(tracked) = json_object::<Tracked>(&body) else {
        return Ok(line(StatusCode::BAD_REQUEST, "invalid body"));
    };
    if !matches!(tracked.event_type.as_str(), "impression" | "view") {
        return Ok(line(StatusCode::BAD_REQUEST, "invalid event type"));
    }
    let visitor = api.actors.of(&headers);
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Some(actor) = &visitor.actor {
        let key = RateLimitKey::api_key(actor);
        if let Err(reason) = api.by_actor.admit(&key).await {
            return Ok(not_admitted(&reason));
        }
        // A limit for each invented event would fill the counters, and full counters count nobody.
        let is_published = api.store.is_published(tracked.event_id).await?;
        let is_counted = is_published
            && match api.counts(&visitor, address, tracked.event_id).await {
                Ok(is_counted) => is_counted,
                Err(reason) => return Ok(not_admitted(&reason)),
            };
        if is_counted {
            api.store
                .looked(actor, tracked.event_id, &tracked.event_type)
                .await?;
        }
    }
    if let Some(cookie) = visitor.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn not_admitted(reason: &LimitError) -> Response {
    match reason {
        LimitError::Exceeded(_) => line(StatusCode::TOO_MANY_REQUESTS, "too many requests"),
        LimitError::Degraded => line(StatusCode::SERVICE_UNAVAILABLE, "service degraded"),
    }
}

/// Refusals of this service are a line of text.
fn line(status: StatusCode, text: &'static str) -> Response {
    (status, text).into_response()
}
