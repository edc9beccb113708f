//! Operations on allocations and sessions, independent of the transport.

mod actor;
mod allocate;
mod attempt;
mod availability;
mod book;
mod cancel;
mod change;
mod confirm;
mod consumers;
mod decide;
mod generate;
mod journey;
mod pre_book;
mod record;
mod reschedule;
mod review;
mod session_day;
mod substitute;
mod territory;
mod workers;
mod zones;

use seaworthy::{audit_log::AuditLog, data::Database, messaging::Publisher, outbox::Outbox};
use tutoring_contract::PlatformZone;
use tutoring_identity::{CodeKey, LiveSealer, NoticeSealer};
use uuid::Uuid;

use crate::store::LiveJourneys;

pub(crate) use actor::Actor;
pub(crate) use availability::AvailabilityQuery;
pub(crate) use book::Assign;
pub(crate) use change::AllocationChange;
pub(crate) use consumers::{consumers, published_topics};
pub(crate) use decide::Creation;
pub(crate) use pre_book::NewPreBooking;
pub(crate) use reschedule::{NewReschedule, RescheduleChange};
pub(crate) use review::NewReview;
pub(crate) use session_day::{EndRequest, StartRequest};
pub(crate) use substitute::NewSubstitution;
pub(crate) use workers::start as start_workers;
pub(crate) use zones::{NewCity, NewCluster, NewHoliday, ServiceRequest, ZONE_WRITE};

/// The permissions of administrators.
pub(crate) const ALLOCATION_READ: &str = "allocation:read";
pub(crate) const ALLOCATION_WRITE: &str = "allocation:write";
pub(crate) const SESSION_READ: &str = "session:read";
pub(crate) const SESSION_WRITE: &str = "session:write";
pub(crate) const RESCHEDULE_DECIDE: &str = "reschedule:decide";
pub(crate) const SUBSTITUTION_WRITE: &str = "substitution:write";

/// Allocations and sessions with their dependencies.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    /// Publishes locations, which the outbox does not store.
    pub(crate) publisher: Publisher,
    /// Encrypts the payloads of live events.
    pub(crate) live: LiveSealer,
    /// Encrypts notifications with codes.
    pub(crate) secrets: NoticeSealer,
    pub(crate) journeys: LiveJourneys,
    pub(crate) audit: AuditLog,
    /// The time zone of dates and slots.
    pub(crate) zone: PlatformZone,
    pub(crate) codes: CodeKey,
    /// The distance between sessions one after another, in km.
    pub(crate) max_sequential_km: f64,
    /// The distance to the student at the start of a session, in metres.
    pub(crate) start_radius_m: f64,
    /// Administrators who are notified.
    pub(crate) operators: Vec<Uuid>,
}
