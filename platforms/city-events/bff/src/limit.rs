//! The request limit of one caller (RES-6). City Events documents a limit per minute, with settings
//! that existing deployments use.

use std::num::NonZeroU32;

use city_events_contract::{Counters, ErrorResponse, Limit, LimitError, too_many_requests};
use seaworthy::{
    axum::{
        extract::{Request, State},
        middleware::Next,
        response::{IntoResponse as _, Response},
    },
    core::context,
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey},
};

use crate::config::BffConfig;

/// Factor of the limit of pages. A page view is several requests: the page and its fragments.
const PAGE_REQUEST_FACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A request limit.
#[derive(Clone)]
pub(crate) struct CallerLimit(Limit);

impl CallerLimit {
    /// Creates the limits of `/api` and of pages, in this order.
    ///
    /// # Errors
    /// [`StartError`] if `rate_limit.redis.address` is invalid.
    pub(crate) fn for_api_and_pages(
        service: &Assembly<BffConfig>,
    ) -> Result<(Self, Self), StartError> {
        let counters = Counters::new(service, "rate_limit.redis", |settings: &BffConfig| {
            &settings.rate_limit.redis
        });
        let limit = |name, factor| {
            let limit = counters.limit(name, move |settings: &BffConfig| {
                let config = &settings.rate_limit;
                config.enabled.then(|| RateLimitConfig {
                    requests: config.requests.saturating_mul(factor),
                    window: config.window,
                    ..RateLimitConfig::default()
                })
            });
            limit.map(Self)
        };
        Ok((
            limit("api", NonZeroU32::MIN)?,
            limit("pages", PAGE_REQUEST_FACTOR)?,
        ))
    }
}

/// Counts a request. Responds with 429 if the limit of the caller is exceeded.
pub(crate) async fn admit(
    State(CallerLimit(limit)): State<CallerLimit>,
    request: Request,
    next: Next,
) -> Response {
    let key = context::with_current(|context| {
        let context = context?;
        let actor = context.actor().cloned().map(RateLimitKey::Actor);
        actor.or_else(|| context.client_address().map(RateLimitKey::address))
    });
    let Some(key) = key else {
        return next.run(request).await;
    };
    let (headers, mut response) = match limit.admit(&key).await {
        Ok(headers) => (headers, next.run(request).await),
        Err(LimitError::Exceeded(error, headers)) => (Some(headers), too_many_requests(&error)),
        Err(reason @ LimitError::Degraded(_)) => {
            return ErrorResponse::from(&reason.into()).into_response();
        }
    };
    if let Some(headers) = headers {
        headers.apply(response.headers_mut());
    }
    response
}
