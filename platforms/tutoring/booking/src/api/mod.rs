//! HTTP routes.

mod allocations;
mod availability;
mod bookings;
mod journeys;
mod places;
mod prices;
mod requests;
mod reviews;
mod sessions;

use std::sync::Arc;

use seaworthy::{
    axum::{extract::FromRequestParts, http::request::Parts},
    prelude::*,
};
use tutoring_contract::{
    AdminRole, CallerTerritory, ExtractResult, HandlerResult, Role, SERVICE_ROLE,
};

use crate::{
    prices::{PRICE_WRITE, PriceList},
    schedule::{
        ALLOCATION_READ, ALLOCATION_WRITE, Actor, RESCHEDULE_DECIDE, SESSION_READ, SESSION_WRITE,
        SUBSTITUTION_WRITE, Schedule, ZONE_WRITE,
    },
};

type State = seaworthy::axum::extract::State<Arc<PriceList>>;
type Sessions = seaworthy::axum::extract::State<Arc<Schedule>>;

const STUDENT: &str = Role::Student.as_str();
const TRAINER: &str = Role::Trainer.as_str();
const ADMIN: &str = Role::Admin.as_str();
/// Prices, coupons, switches, holidays, cities and zones do not belong to a territory, so only
/// super admins change them.
const SUPER_ADMIN: &str = AdminRole::SuperAdmin.as_str();

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let territory = CallerTerritory::from_request_parts(parts, state).await?;
        Self::current(territory)
    }
}

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
        .post("/api/v1/booking/create-prebooking", places::pre_book)
        .with_options(|options| options.roles([STUDENT]))
        .with_state((schedule, prices));
    of_prices.merge(of_schedule).merge(pre_bookings)
}

/// Returns the public routes, and those of students, other services and administrators.
fn price_routes() -> Routes<Arc<PriceList>> {
    let public = Routes::new()
        .get("/pricing/calculate", prices::calculate)
        .get("/feature-flags", prices::flags)
        .with_options(|options| options.access(Access::Public));
    let students = Routes::new()
        .post("/coupons/validate", prices::validate)
        .with_options(|options| options.roles([STUDENT]));
    let services = Routes::new()
        .post("/pricing/reservations", prices::reserve)
        .post("/pricing/reservations/{payment}/redeem", prices::redeem)
        .post("/pricing/reservations/{payment}/release", prices::release)
        .with_options(|options| options.roles([SERVICE_ROLE]).without_rate_limit());
    let admins = Routes::new()
        .get("/pricing", prices::list)
        .put("/pricing", prices::set_price)
        .get("/coupons", prices::coupons)
        .post("/coupons", prices::create_coupon)
        .put("/feature-flags", prices::set_flags)
        .with_options(|options| options.roles([SUPER_ADMIN]).scopes([PRICE_WRITE]));
    public.merge(students).merge(services).merge(admins)
}

/// Returns the routes of places, schedules and attendance.
fn booking_routes() -> Routes<Arc<Schedule>> {
    let public = Routes::new()
        .post("/check-service-availability", places::check_service)
        .get("/zones-by-location", places::zones)
        .get("/pre-bookings/capacity", places::capacity)
        .get("/cities", places::cities)
        .with_options(|options| options.access(Access::Public));
    // The handlers check that a trainer is the owner.
    let trainers = Routes::new()
        .get("/trainer-schedule/{trainer}", sessions::schedule)
        .post("/trainer-attendance", sessions::attend)
        .with_options(|options| options.roles([TRAINER, ADMIN]));
    let students = Routes::new()
        .post("/create-booking", bookings::create)
        .with_options(|options| options.roles([STUDENT]));
    let services = Routes::new()
        .post("/auto-assign-trainer", bookings::assign)
        .with_options(|options| options.roles([SERVICE_ROLE]).without_rate_limit());
    let readers = Routes::new()
        .get("/trainer-demand", bookings::demand)
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_READ]));
    let operators = Routes::new()
        .post("/cities", places::create_city)
        .post("/clusters", places::create_cluster)
        .post("/zones", places::create_zone)
        .post("/holidays", places::add_holiday)
        .with_options(|options| options.roles([SUPER_ADMIN]).scopes([ZONE_WRITE]));
    public
        .merge(trainers)
        .merge(students)
        .merge(services)
        .merge(readers)
        .merge(operators)
}

/// Returns the routes of allocations, sessions and their changes.
fn schedule_routes() -> Routes<Arc<Schedule>> {
    let allocation_changes = Routes::new()
        .post("/allocations", allocations::create)
        .post("/allocations/allocate", allocations::create)
        .post("/allocations/retry-auto-assign", allocations::retry_pending)
        .post(
            "/allocations/create-pending-sessions",
            allocations::create_pending_sessions,
        )
        .put("/allocations/{id}", allocations::change)
        .post("/allocations/{id}/approve", allocations::approve)
        .post("/allocations/{id}/reject", allocations::reject)
        .post("/allocations/{id}/cancel", allocations::cancel)
        .post(
            "/allocations/{id}/create-sessions",
            allocations::create_sessions,
        )
        .post(
            "/allocations/{id}/fix-sessions",
            allocations::create_sessions,
        )
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_WRITE]));
    // The handler checks the permission of an administrator.
    let assign = Routes::new()
        .post("/allocations/auto-assign", allocations::auto_assign)
        .with_options(|options| options.roles([SERVICE_ROLE, ADMIN]));
    let readers = Routes::new()
        .get("/allocations", allocations::list)
        .get("/allocations/{id}/refusals", allocations::rejections)
        .with_options(|options| options.roles([ADMIN]).scopes([ALLOCATION_READ]));
    // The handlers check that students and trainers use only their own places, times and sessions.
    let of_students = Routes::new()
        .get("/allocations/availability/check", availability::check)
        .get("/allocations/available-time-slots", availability::slots)
        .get(
            "/allocations/check-course-availability",
            availability::course,
        )
        .get("/journeys/{id}/live", journeys::live)
        .post("/sessions/{id}/cancel", sessions::cancel)
        .with_options(|options| options.roles([STUDENT, ADMIN]));
    let of_trainers = Routes::new()
        .get(
            "/allocations/trainer-availability/check",
            availability::check_trainer,
        )
        .get(
            "/allocations/trainer-availability/slots",
            availability::trainer_slots,
        )
        .with_options(|options| options.roles([TRAINER, ADMIN]));
    // The handlers check that the caller is the student, the trainer or permitted.
    let own = Routes::new()
        .get("/allocations/{id}", allocations::show)
        .get("/allocations/student/{student}", allocations::of_student)
        .get("/allocations/trainer/{trainer}", allocations::of_trainer)
        .get("/sessions/{id}", sessions::show)
        .get("/sessions/student/{student}", sessions::of_student)
        .get("/sessions/trainer/{trainer}", sessions::of_trainer)
        .with_options(|options| options.roles([STUDENT, TRAINER, ADMIN]));
    let trainers = Routes::new()
        .post("/sessions/{id}/start", sessions::start)
        .post("/sessions/{id}/verify-otp", sessions::verify)
        .post("/sessions/{id}/end", sessions::end)
        .post("/journeys/start", journeys::start)
        .post("/journeys/{id}/location", journeys::locate)
        .post("/journeys/{id}/arrived", journeys::arrive)
        .post("/journeys/{id}/end", journeys::end)
        .with_options(|options| options.roles([TRAINER]));
    let students = Routes::new()
        .post("/sessions/{id}/confirm", sessions::confirm)
        .with_options(|options| options.roles([STUDENT]));
    let disputes = Routes::new()
        .post("/sessions/{id}/resolve", sessions::resolve)
        .with_options(|options| options.roles([ADMIN]).scopes([SESSION_WRITE]));
    let reviews = Routes::new()
        .get("/reviews", reviews::list)
        .with_options(|options| options.roles([ADMIN]).scopes([SESSION_READ]));
    let requesters = Routes::new()
        .post("/reviews", reviews::create)
        .post("/reschedule", requests::create)
        .put("/reschedule/{id}", requests::change)
        .post("/reschedule/{id}/cancel", requests::cancel)
        .with_options(|options| options.roles([STUDENT, TRAINER]));
    let reschedules = Routes::new()
        .get("/reschedule", requests::list)
        .post("/reschedule/{id}/approve", requests::approve)
        .post("/reschedule/{id}/reject", requests::reject)
        .with_options(|options| options.roles([ADMIN]).scopes([RESCHEDULE_DECIDE]));
    let substitutions = Routes::new()
        .get("/substitutions", requests::substitutions)
        .post("/substitutions", requests::substitute)
        .delete("/substitutions/{id}", requests::revert)
        .with_options(|options| options.roles([ADMIN]).scopes([SUBSTITUTION_WRITE]));
    allocation_changes
        .merge(assign)
        .merge(readers)
        .merge(of_students)
        .merge(of_trainers)
        .merge(own)
        .merge(trainers)
        .merge(students)
        .merge(disputes)
        .merge(reviews)
        .merge(requesters)
        .merge(reschedules)
        .merge(substitutions)
}
