//! How much one caller may ask (RES-6). The limiter of the stack counts by the second; clients of City Events know a number by the minute, which has to be settable
//! and switchable under the names that their scripts use.

use std::num::NonZeroU32;

use city_events_contract::{Counters, ErrorResponse, Limit, LimitError};
use seaworthy::{
    axum::{
        extract::{Request, State},
        http::{HeaderValue, StatusCode},
        middleware::Next,
        response::{IntoResponse as _, Response},
    },
    config::Settings,
    core::context,
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey, policy_header, state_header},
};

use crate::config::CallerLimitConfig;

/// A page asks for itself, and its script for what is private in it.
const PAGES_PER_REQUEST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A limit, or none where it is switched off.
#[derive(Clone)]
pub(crate) struct CallerLimit(Option<Limit>);

impl CallerLimit {
    /// The limits of `/api` and of pages.
    ///
    /// # Errors
    /// [`StartError`] where a Redis is named that means nothing.
    pub(crate) fn both<C: Settings>(
        service: &Assembly<C>,
        config: &CallerLimitConfig,
    ) -> Result<(Self, Self), StartError> {
        if !config.enabled {
            return Ok((Self(None), Self(None)));
        }
        let counters = Counters::open(service, "rate_limit.redis", &config.redis)?;
        let limit = |name, times| {
            let limit = RateLimitConfig {
                requests: config.requests.saturating_mul(times),
                window: config.window,
                ..RateLimitConfig::default()
            };
            Self(Some(counters.limit(name, limit)))
        };
        Ok((
            limit("api", NonZeroU32::MIN),
            limit("pages", PAGES_PER_REQUEST),
        ))
    }
}

/// Counts a request, or refuses it.
pub(crate) async fn admit(
    State(CallerLimit(limit)): State<CallerLimit>,
    request: Request,
    next: Next,
) -> Response {
    let Some(limit) = limit else {
        return next.run(request).await;
    };
    let key = context::with_current(|context| {
        let context = context?;
        let actor = context.actor().cloned().map(RateLimitKey::Actor);
        actor.or_else(|| context.client_address().map(RateLimitKey::address))
    });
    let Some(key) = key else {
        return next.run(request).await;
    };
    let (decision, mut response) = match limit.admit(&key).await {
        Ok(decision) => (decision, next.run(request).await),
        Err(LimitError::Exceeded(decision)) => {
            let refused = ErrorResponse::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "Too Many Requests",
            );
            let refused = refused.with_retry_after(decision.retry_after);
            (decision, refused.into_response())
        }
        Err(reason @ LimitError::Degraded) => {
            return ErrorResponse::from(&reason.into()).into_response();
        }
    };
    let headers = response.headers_mut();
    headers.insert(
        "ratelimit-policy",
        policy_header(limit.name(), limit.config()),
    );
    headers.insert("ratelimit", state_header(limit.name(), &decision));
    response
}

/// Headers of every answer that the stack does not add (section 2.4 of the contract).
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "permissions-policy",
            "geolocation=(), microphone=(), camera=(), payment=(), usb=(), bluetooth=()",
        ),
        // A window that signs in elsewhere tells its opener how it went.
        ("cross-origin-opener-policy", "unsafe-none"),
        ("x-xss-protection", "1; mode=block"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
