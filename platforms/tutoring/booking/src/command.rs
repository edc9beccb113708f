//! The command `invariants`.

use seaworthy::{
    data::{Connection, DataError, Database, sql},
    prelude::*,
    service::{CommandRun, ServiceCommand, clap::Command},
};
use serde_json::json;

use crate::{
    config::BookingConfig,
    service::{DATABASE, database},
};

/// The invariants of `docs/tutoring/invariants.md`: the name, and a query that counts violations.
const INVARIANTS: [(&str, &str); 8] = [
    (
        "slot_of_an_allocation_belongs_to_an_open_one",
        "SELECT COUNT(*) FROM schedule_slots l LEFT JOIN allocations a ON a.id = l.owner_id WHERE l.state = 'booked' AND (a.id IS NULL OR a.status IN ('pending', 'rejected'))",
    ),
    (
        "scheduled_session_has_its_slot",
        "SELECT COUNT(*) FROM tutoring_sessions s WHERE s.status = 'scheduled' AND NOT EXISTS (SELECT 1 FROM schedule_slots l WHERE l.owner_id = s.allocation_id AND l.session_number = s.session_number AND l.trainer_id = s.trainer_id AND l.slot_date = s.scheduled_date AND l.timeslot = s.timeslot AND l.state = 'booked')",
    ),
    (
        "cancelled_session_has_no_slot",
        "SELECT COUNT(*) FROM tutoring_sessions s JOIN schedule_slots l ON l.owner_id = s.allocation_id AND l.session_number = s.session_number WHERE s.status = 'cancelled' AND l.state = 'booked'",
    ),
    (
        "open_allocation_has_its_sessions_reserved",
        "SELECT COUNT(*) FROM allocations a WHERE a.status IN ('approved', 'active') AND (SELECT COUNT(*) FROM schedule_slots l WHERE l.owner_id = a.id AND l.state = 'booked') <> a.session_count",
    ),
    (
        "ended_allocation_is_not_open",
        "SELECT COUNT(*) FROM allocations WHERE (open_course_id IS NULL) = (status IN ('pending', 'approved', 'active'))",
    ),
    (
        "completed_session_is_confirmed",
        "SELECT COUNT(*) FROM tutoring_sessions WHERE status = 'completed' AND confirmed_at IS NULL",
    ),
    (
        "pre_bookings_are_counted",
        "SELECT COUNT(*) FROM pre_booking_capacity c WHERE c.current_count <> (SELECT COUNT(*) FROM pre_bookings p WHERE p.pending_course_id = c.course_id AND p.timeslot = c.timeslot)",
    ),
    (
        "coupons_are_counted",
        "SELECT COUNT(*) FROM coupons c WHERE c.current_redemptions <> (SELECT COUNT(*) FROM coupon_redemptions r WHERE r.coupon_id = c.id AND r.state IN ('reserved', 'redeemed'))",
    ),
];

/// Returns the command that checks the invariants of allocations, slots and sessions. It only
/// reads.
pub(crate) fn invariants_command() -> ServiceCommand<BookingConfig> {
    let command = Command::new("invariants").about(
        "Check the invariants of allocations, slots and sessions. Fails if one is violated.",
    );
    ServiceCommand::new(command, |run| Box::pin(check(run)))
}

async fn check(run: CommandRun<'_, BookingConfig>) -> Result<(), StartError> {
    let config = database(run.service.settings());
    let database = Database::connect(run.service, DATABASE, config, &[]).await?;
    let violations = violations(&database)
        .await
        .map_err(|error| StartError::because("the invariants cannot be read", error))?;
    let mut text = String::new();
    for (name, count) in &violations {
        text.push_str(&format!("{name}: {count} violations\n"));
    }
    let document = json!(violations);
    run.console.answer(text.trim_end(), &document);
    match violations.iter().all(|(_, count)| *count == 0) {
        true => Ok(()),
        false => Err(StartError::new("an invariant is violated: see the output")),
    }
}

/// Returns the number of violations of each invariant.
async fn violations(connection: &dyn Connection) -> Result<Vec<(&'static str, u64)>, DataError> {
    let mut violations = Vec::new();
    for (name, query) in INVARIANTS {
        let (count,): (u64,) = sql(query).fetch_one(connection).await?;
        violations.push((name, count));
    }
    Ok(violations)
}
