//! HTTP routes.

mod allocations;
mod availability;
mod bookings;
mod handlers;
mod journeys;
mod places;
mod requests;
mod reviews;
mod sessions;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{delete, get, post, put},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};

use crate::{
    prices::{PRICE_WRITE, PriceList},
    schedule::{
        ALLOCATION_READ, ALLOCATION_WRITE, RESCHEDULE_DECIDE, SESSION_READ, SESSION_WRITE,
        SUBSTITUTION_WRITE, Schedule, ZONE_WRITE,
    },
};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<PriceList>>;
type Sessions = seaworthy::axum::extract::State<Arc<Schedule>>;

const STUDENT: &str = Role::Student.as_str();
const TRAINER: &str = Role::Trainer.as_str();
const ADMIN: &str = Role::Admin.as_str();

/// Returns all routes.
pub(crate) fn routes(prices: Arc<PriceList>, schedule: Arc<Schedule>) -> Routes {
    let of_prices = Routes::new()
        .nest("/api/v1/booking", price_routes())
        .with_state(Arc::clone(&prices));
    let of_schedule = Routes::new()
        .nest("/api/v1/booking", booking_routes())
        .nest("/api/v1/admin", schedule_routes())
        .with_state(Arc::clone(&schedule));
    let pre_bookings = Routes::new()
        .route("/api/v1/booking/create-prebooking", post(places::pre_book))
        .with_options(|options| options.roles([STUDENT]))
        .with_state((schedule, prices));
    of_prices.merge(of_schedule).merge(pre_bookings)
}

/// Returns the routes of everyone, of students, of other services and of administrators.
fn price_routes() -> Routes<Arc<PriceList>> {
    let public = Routes::new()
        .route("/pricing/calculate", get(handlers::calculate))
        .route("/feature-flags", get(handlers::flags))
        .with_options(|options| options.access(Access::Public));
    let students = Routes::new()
        .route("/coupons/validate", post(handlers::validate))
        .with_options(|options| options.roles([STUDENT]));
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
        .with_options(|options| options.roles([ADMIN]).scopes([PRICE_WRITE]));
    public.merge(students).merge(services).merge(admins)
}

/// Returns the routes of places, schedules and attendance.
fn booking_routes() -> Routes<Arc<Schedule>> {
    let public = Routes::new()
        .route("/check-service-availability", post(places::check_service))
        .route("/zones-by-location", get(places::zones))
        .route("/pre-bookings/capacity", get(places::capacity))
        .route("/cities", get(places::cities))
        .with_options(|options| options.access(Access::Public));
    // The handlers check that a trainer is the owner.
    let trainers = Routes::new()
        .route("/trainer-schedule/{trainer}", get(sessions::schedule))
        .route("/trainer-attendance", post(sessions::attend))
        .with_options(|options| options.roles([TRAINER, ADMIN]));
    let students = Routes::new()
        .route("/create-booking", post(bookings::create))
        .with_options(|options| options.roles([STUDENT]));
    let services = Routes::new()
        .route("/auto-assign-trainer", post(bookings::assign))
        .with_options(|options| options.roles([SERVICE_ROLE]).without_rate_limit());
    let readers = Routes::new()
        .route("/trainer-demand", get(bookings::demand))
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_READ]));
    let operators = Routes::new()
        .route("/cities", post(places::create_city))
        .route("/clusters", post(places::create_cluster))
        .route("/zones", post(places::create_zone))
        .route("/holidays", post(places::add_holiday))
        .with_options(|options| options.roles([ADMIN]).scopes([ZONE_WRITE]));
    public
        .merge(trainers)
        .merge(students)
        .merge(services)
        .merge(readers)
        .merge(operators)
}

/// Returns the routes of allocations, sessions and their changes.
fn schedule_routes() -> Routes<Arc<Schedule>> {
    let deciders = Routes::new()
        .route("/allocations", post(allocations::create))
        .route("/allocations/allocate", post(allocations::create))
        .route(
            "/allocations/retry-auto-assign",
            post(allocations::retry_pending),
        )
        .route(
            "/allocations/create-pending-sessions",
            post(allocations::create_pending_sessions),
        )
        .route("/allocations/{id}", put(allocations::change))
        .route("/allocations/{id}/approve", post(allocations::approve))
        .route("/allocations/{id}/reject", post(allocations::reject))
        .route("/allocations/{id}/cancel", post(allocations::cancel))
        .route(
            "/allocations/{id}/create-sessions",
            post(allocations::create_sessions),
        )
        .route(
            "/allocations/{id}/fix-sessions",
            post(allocations::create_sessions),
        )
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_WRITE]));
    // The handler checks the permission of an administrator.
    let assign = Routes::new()
        .route("/allocations/auto-assign", post(allocations::auto_assign))
        .with_options(|options| options.roles([SERVICE_ROLE, ADMIN]));
    let readers = Routes::new()
        .route("/allocations", get(allocations::list))
        .route("/allocations/{id}/refusals", get(allocations::refusals))
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_READ]));
    // The handlers check that students and trainers query only their own place or time.
    let of_students = Routes::new()
        .route("/allocations/availability/check", get(availability::check))
        .route(
            "/allocations/available-time-slots",
            get(availability::slots),
        )
        .route(
            "/allocations/check-course-availability",
            get(availability::course),
        )
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let of_trainers = Routes::new()
        .route(
            "/allocations/trainer-availability/check",
            get(availability::check_trainer),
        )
        .route(
            "/allocations/trainer-availability/slots",
            get(availability::trainer_slots),
        )
        .with_options(|options| options.roles([TRAINER, ADMIN]));
    // The handlers check that the caller is the student, the trainer or permitted.
    let own = Routes::new()
        .route("/allocations/{id}", get(allocations::show))
        .route(
            "/allocations/student/{student}",
            get(allocations::of_student),
        )
        .route(
            "/allocations/trainer/{trainer}",
            get(allocations::of_trainer),
        )
        .route("/sessions/{id}", get(sessions::show))
        .route("/sessions/student/{student}", get(sessions::of_student))
        .route("/sessions/trainer/{trainer}", get(sessions::of_trainer))
        .with_options(|options| options.roles([STUDENT, TRAINER, ADMIN]));
    let trainers = Routes::new()
        .route("/sessions/{id}/start", post(sessions::start))
        .route("/sessions/{id}/verify-otp", post(sessions::verify))
        .route("/sessions/{id}/end", post(sessions::end))
        .with_options(|options| options.roles([TRAINER]));
    let travellers = Routes::new()
        .route("/journeys/start", post(journeys::start))
        .route("/journeys/{id}/location", post(journeys::locate))
        .route("/journeys/{id}/arrived", post(journeys::arrive))
        .route("/journeys/{id}/end", post(journeys::end))
        .with_options(|options| options.roles([TRAINER]));
    let watchers = Routes::new()
        .route("/journeys/{id}/live", get(journeys::live))
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let students = Routes::new()
        .route("/sessions/{id}/confirm", post(sessions::confirm))
        .with_options(|options| options.roles([STUDENT]));
    let cancellers = Routes::new()
        .route("/sessions/{id}/cancel", post(sessions::cancel))
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let disputes = Routes::new()
        .route("/sessions/{id}/resolve", post(sessions::resolve))
        .with_options(|options| options.roles([ADMIN]).scopes([SESSION_WRITE]));
    let reviewers = Routes::new()
        .route("/reviews", post(reviews::create))
        .with_options(|options| options.roles([STUDENT, TRAINER]));
    let reviews = Routes::new()
        .route("/reviews", get(reviews::list))
        .with_options(|options| options.roles([ADMIN]).scopes([SESSION_READ]));
    let requesters = Routes::new()
        .route("/reschedule", post(requests::create))
        .route("/reschedule/{id}", put(requests::change))
        .route("/reschedule/{id}/cancel", post(requests::cancel))
        .with_options(|options| options.roles([STUDENT, TRAINER]));
    let reschedules = Routes::new()
        .route("/reschedule", get(requests::list))
        .route("/reschedule/{id}/approve", post(requests::approve))
        .route("/reschedule/{id}/reject", post(requests::reject))
        .with_options(|options| options.roles([ADMIN]).scopes([RESCHEDULE_DECIDE]));
    let substitutions = Routes::new()
        .route(
            "/substitutions",
            get(requests::substitutions).post(requests::substitute),
        )
        .route("/substitutions/{id}", delete(requests::revert))
        .with_options(|options| options.roles([ADMIN]).scopes([SUBSTITUTION_WRITE]));
    deciders
        .merge(assign)
        .merge(readers)
        .merge(of_students)
        .merge(of_trainers)
        .merge(own)
        .merge(trainers)
        .merge(travellers)
        .merge(watchers)
        .merge(students)
        .merge(cancellers)
        .merge(disputes)
        .merge(reviewers)
        .merge(reviews)
        .merge(requesters)
        .merge(reschedules)
        .merge(substitutions)
}
