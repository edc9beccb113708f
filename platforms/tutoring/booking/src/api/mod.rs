//! HTTP routes.

mod handlers;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{get, post, put},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};

use crate::prices::{PRICE_WRITE, PriceList};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<PriceList>>;

/// Returns the routes of everyone, of students, of other services and of administrators.
pub(crate) fn routes(prices: Arc<PriceList>) -> Routes {
    let public = Routes::new()
        .route("/pricing/calculate", get(handlers::calculate))
        .route("/feature-flags", get(handlers::flags))
        .with_options(|options| options.access(Access::Public));
    let students = Routes::new()
        .route("/coupons/validate", post(handlers::validate))
        .with_options(|options| options.roles([Role::Student.as_str()]));
    let services = Routes::new()
        .route("/pricing/reservations", post(handlers::reserve))
        .route(
            "/pricing/reservations/{payment}/redeem",
            post(handlers::redeem),
        )
        .route(
            "/pricing/reservations/{payment}/release",
            post(handlers::release),
        )
        .with_options(|options| options.roles([SERVICE_ROLE]).without_rate_limit());
    let admins = Routes::new()
        .route("/pricing", get(handlers::prices).put(handlers::set_price))
        .route("/coupons", get(handlers::coupons).post(handlers::create))
        .route("/feature-flags", put(handlers::set_flags))
        .with_options(|options| options.roles([Role::Admin.as_str()]).scopes([PRICE_WRITE]));
    let all = public.merge(students).merge(services).merge(admins);
    Routes::new()
        .nest("/api/v1/booking", all)
        .with_state(prices)
}
