use std::{net::IpAddr, num::NonZeroU32};

use chrono::Utc;
use city_events_contract::{
    Counters, Limit, LimitError, Timestamp, json_object, too_many_requests,
};
use seaworthy::{
    axum::{
        Extension,
        body::Bytes,
        extract::State,
        http::{HeaderMap, StatusCode, header},
        response::{IntoResponse as _, Response},
        routing::{get, post},
    },
    core::context,
    http::{Priority, PublicErrorBody},
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey},
};
use uuid::Uuid;

use crate::{
    actor::{Identification, Visitor},
    config::{FeedConfig, TrackingConfig},
    cursor::Cursor,
    lists::{Lists, MAX_LIMIT, PageRequest},
    rank::FeedType,
    store::{EventFilter, Store},
};

/// Default number of items on a page.
const DEFAULT_LIMIT: usize = 10;
const MINUTE: Timeout = Timeout::from_secs(60);
const DAY: Timeout = Timeout::from_secs(24 * 60 * 60);

/// State of the routes.
#[derive(Clone)]
pub(crate) struct Api {
    store: Store,
    lists: Lists,
    visitors: Identification,
    per_actor: Limit,
    per_ip: Limit,
    /// Without this limit, a client without cookies could raise an event in the ranking without
    /// bound.
    views_per_ip: Limit,
}

impl Api {
    pub(crate) fn new(
        (store, lists): (Store, Lists),
        visitors: Identification,
        service: &Assembly<FeedConfig>,
    ) -> Result<Self, StartError> {
        let counters = Counters::new(service, "tracking.redis", |settings: &FeedConfig| {
            &settings.tracking.redis
        });
        let limit = |name, requests: fn(&TrackingConfig) -> NonZeroU32, window| {
            counters.limit(name, move |settings: &FeedConfig| {
                Some(RateLimitConfig {
                    requests: requests(&settings.tracking),
                    window,
                    ..RateLimitConfig::default()
                })
            })
        };
        Ok(Self {
            store,
            lists,
            visitors,
            per_actor: limit(
                "tracking per actor",
                |config| config.requests_per_actor,
                MINUTE,
            )?,
            per_ip: limit("tracking per IP", |config| config.requests_per_ip, MINUTE)?,
            views_per_ip: limit(
                "anonymous views per IP",
                |config| config.anonymous_views_per_ip,
                DAY,
            )?,
        })
    }
}

impl Api {
    /// Returns whether a view counts. All views of users count. Views of anonymous visitors count
    /// up to the limit of their IP address.
    async fn is_counted(
        &self,
        visitor: &Visitor,
        ip: Option<IpAddr>,
        event: Uuid,
    ) -> Result<bool, LimitError> {
        let Some(ip) = ip.filter(|_| !visitor.is_user) else {
            return Ok(true);
        };
        let key = RateLimitKey::address(ip).on_route(event.to_string());
        match self.views_per_ip.admit(&key).await {
            Ok(_) => Ok(true),
            Err(LimitError::Exceeded(..)) => Ok(false),
            Err(degraded @ LimitError::Degraded(_)) => Err(degraded),
        }
    }
}

pub(crate) fn routes(api: Api) -> Routes {
    let optional = || RouteOptions::new().access(Access::Optional);
    let probe = RouteOptions::new().access(Access::Public).probe();
    Routes::new()
        .route_with("/api/feed", get(feed), optional())
        .route_with("/api/feed/", get(feed), optional())
        .route_with(
            "/api/feed/track",
            post(track),
            optional().priority(Priority::Background),
        )
        .route_with("/api/feed/health", get(async || "ok"), probe)
        .with_state(api)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FeedQuery {
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
    Query(query): Query<FeedQuery>,
) -> Result<Response, Error> {
    let visitor = api.visitors.identify(&headers);
    let kind = match query.r#type.as_deref() {
        None | Some("") if visitor.is_user => FeedType::Personalized,
        None | Some("") => FeedType::Trending,
        Some(name) => match FeedType::parse(name) {
            Some(kind) => kind,
            None => return Ok(plain_text(StatusCode::BAD_REQUEST, "invalid feed type")),
        },
    };
    // PostgreSQL rejects NUL in text.
    if [&query.city, &query.category, &query.q, &query.search]
        .iter()
        .any(|text| text.contains('\0'))
    {
        return Ok(plain_text(StatusCode::BAD_REQUEST, "invalid query"));
    }
    let limit: Option<usize> = query.limit.parse().ok();
    let limit = limit
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .unwrap_or(DEFAULT_LIMIT);
    let now = Timestamp::now().get();
    let mut after = Cursor::parse(&query.cursor, now);
    if let Some(cursor) = after
        && api.store.has_too_many_changes(cursor.ranked_at).await?
    {
        after = None;
    }
    let filter = EventFilter {
        city: query.city,
        category: query.category,
        text: if query.q.is_empty() {
            query.search
        } else {
            query.q
        },
    };
    let request = PageRequest {
        kind,
        filter,
        after,
        limit,
        now,
        actor: visitor.actor,
    };
    let page = api.lists.page(&request).await?;
    let mut response = Json(page).into_response();
    if let Some(cookie) = visitor.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Deserialize)]
struct TrackBody {
    event_type: String,
    event_id: Uuid,
}

async fn track(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Result<Response, Error> {
    let ip = context::with_current(|context| context.and_then(|context| context.client_address()));
    if let Some(ip) = ip
        && let Err(reason) = api.per_ip.admit(&RateLimitKey::address(ip)).await
    {
        return Ok(rejection(&reason));
    }
    let Ok(tracked) = json_object::<TrackBody>(&body) else {
        return Ok(plain_text(StatusCode::BAD_REQUEST, "invalid body"));
    };
    if !matches!(tracked.event_type.as_str(), "impression" | "view") {
        return Ok(plain_text(StatusCode::BAD_REQUEST, "invalid event type"));
    }
    let visitor = api.visitors.identify(&headers);
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Some(actor) = &visitor.actor {
        let key = RateLimitKey::api_key(actor);
        if let Err(reason) = api.per_actor.admit(&key).await {
            return Ok(rejection(&reason));
        }
        // A rate limit per unknown event would fill the table of counters.
        let is_published = api.store.is_published(tracked.event_id).await?;
        let is_counted = is_published
            && match api.is_counted(&visitor, ip, tracked.event_id).await {
                Ok(is_counted) => is_counted,
                Err(reason) => return Ok(rejection(&reason)),
            };
        if is_counted {
            api.store
                .record_action(actor, tracked.event_id, &tracked.event_type, Utc::now())
                .await?;
        }
    }
    if let Some(cookie) = visitor.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Returns the response of an error before a handler runs.
pub(crate) fn error_response(error: Error) -> Response {
    let mut response = match error.reason() {
        "RATE_LIMITED" => too_many_requests(&error),
        _ => {
            let status = StatusCode::from_u16(error.code().http_status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let text = error.message().to_owned();
            (status, Extension(PublicErrorBody), text).into_response()
        }
    };
    // The outer layers log the error from the extensions.
    let with_cause = error.into_response();
    response
        .extensions_mut()
        .extend(with_cause.extensions().clone());
    response
}

fn rejection(reason: &LimitError) -> Response {
    match reason {
        LimitError::Exceeded(..) => plain_text(StatusCode::TOO_MANY_REQUESTS, "too many requests"),
        LimitError::Degraded(_) => plain_text(StatusCode::SERVICE_UNAVAILABLE, "service degraded"),
    }
}

/// Returns an error of this service, which is a line of text.
fn plain_text(status: StatusCode, text: &'static str) -> Response {
    (status, text).into_response()
}
