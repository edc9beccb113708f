use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Timeout, context};
use seaworthy_http::{Json, Path, Routes};
use seaworthy_resilience::{
    bulkhead::BulkheadSnapshot,
    circuit_breaker::{BreakerState, Hold, TripReason},
    policies::{Policies, PoliciesSnapshot},
    retry::RetrySnapshot,
};
use seaworthy_telemetry::redact::redact;
use serde::{Deserialize, Serialize};

use super::{AdminState, seconds::seconds};

/// The default of `expires_in`: a vendor can repair, and a forgotten hold ends before an outage.
const DEFAULT_EXPIRES_IN: Timeout = Timeout::from_secs(15 * 60);
/// The maximum of `expires_in`. Set a longer hold in the configuration.
const MAX_HOLD: Timeout = Timeout::from_secs(24 * 60 * 60);
/// Maximum length of a reason, in characters. It is logged and kept in memory during the hold.
const MAX_REASON: usize = 1_000;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new()
        .get("/breakers", list)
        .post("/breakers/{name}/reset", reset)
        .post("/breakers/{name}/hold-open", hold_open)
        .post("/breakers/{name}/hold-closed", hold_closed)
}

/// A breaker with the other policies of its dependency. Times are in seconds.
#[derive(Debug, Serialize)]
struct BreakerReport {
    name: String,
    /// The endpoint, if the breaker is not that of the whole dependency.
    endpoint: Option<String>,
    state: BreakerState,
    since: f64,
    held: Option<HeldReport>,
    /// Calls in the window and their outcomes.
    calls: u32,
    failures: u32,
    slow_calls: u32,
    /// Failed or slow calls since the last successful one.
    consecutive_failures: u32,
    allowed: u64,
    rejected: u64,
    /// The last five times the breaker opened, newest first.
    trips: Vec<TripReport>,
    bulkhead: BulkheadSnapshot,
    retry: RetrySnapshot,
}

#[derive(Debug, Serialize)]
struct HeldReport {
    hold: Hold,
    expires_in: f64,
    reason: String,
}

#[derive(Debug, Serialize)]
struct TripReport {
    reason: TripReason,
    age: f64,
}

impl From<PoliciesSnapshot> for BreakerReport {
    fn from(snapshot: PoliciesSnapshot) -> Self {
        let breaker = snapshot.breaker;
        let endpoint = breaker.name.split_once('/');
        Self {
            endpoint: endpoint.map(|(_, endpoint)| endpoint.to_owned()),
            name: breaker.name,
            state: breaker.state,
            since: seconds(breaker.since),
            held: breaker.held.map(|held| HeldReport {
                hold: held.hold,
                expires_in: seconds(held.expires_in),
                // A reason may contain personal data (OBS-3).
                reason: redact(&held.reason).into_owned(),
            }),
            calls: breaker.calls,
            failures: breaker.failures,
            slow_calls: breaker.slow_calls,
            consecutive_failures: breaker.consecutive_failures,
            allowed: breaker.allowed,
            rejected: breaker.rejected,
            trips: Vec::from_iter(breaker.trips.iter().map(|trip| TripReport {
                reason: trip.reason,
                age: seconds(trip.age),
            })),
            bulkhead: snapshot.bulkhead,
            retry: snapshot.retry,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    reason: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HoldFor {
    reason: String,
    #[serde(default)]
    expires_in: Option<Timeout>,
}

async fn list(State(state): State<AdminState>) -> Json<Vec<BreakerReport>> {
    let snapshots = state.parts.resilience.snapshot();
    Json(snapshots.into_iter().map(BreakerReport::from).collect())
}

async fn reset(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(request): Json<Reset>,
) -> Result<Json<BreakerReport>, Error> {
    let policies = find(&state, &name)?;
    let reason = require_reason(&request.reason)?;
    tracing::warn!(
        breaker = name,
        reason,
        actor = actor(),
        "operator reset a breaker"
    );
    policies.breaker().reset(reason);
    Ok(Json(policies.snapshot().into()))
}

async fn hold_open(
    state: State<AdminState>,
    name: Path<String>,
    request: Json<HoldFor>,
) -> Result<Json<BreakerReport>, Error> {
    hold(&state.0, &name.0, &request.0, Hold::Open)
}

async fn hold_closed(
    state: State<AdminState>,
    name: Path<String>,
    request: Json<HoldFor>,
) -> Result<Json<BreakerReport>, Error> {
    hold(&state.0, &name.0, &request.0, Hold::Closed)
}

fn hold(
    state: &AdminState,
    name: &str,
    request: &HoldFor,
    hold: Hold,
) -> Result<Json<BreakerReport>, Error> {
    let policies = find(state, name)?;
    let reason = require_reason(&request.reason)?;
    let length = request.expires_in.unwrap_or(DEFAULT_EXPIRES_IN);
    if length > MAX_HOLD {
        let message = "set a longer hold in the configuration";
        return Err(Error::new(Code::Invalid, "TOO_LONG", message)
            .with_field("expires_in", format!("must be at most {MAX_HOLD}")));
    }
    tracing::warn!(breaker = name, ?hold, reason, expires_in = %length, actor = actor(), "operator holds a breaker");
    policies.breaker().hold(hold, length, reason);
    Ok(Json(policies.snapshot().into()))
}

fn find(state: &AdminState, name: &str) -> Result<Policies, Error> {
    let missing = || {
        Error::new(
            Code::NotFound,
            "BREAKER_NOT_FOUND",
            "no dependency has this name: list them with GET /breakers",
        )
    };
    state.parts.resilience.find(name).ok_or_else(missing)
}

fn require_reason(reason: &str) -> Result<&str, Error> {
    match reason.trim() {
        "" => Err(
            Error::new(Code::Invalid, "REASON_REQUIRED", "a change needs a reason")
                .with_field("reason", "must not be empty"),
        ),
        reason if reason.chars().count() > MAX_REASON => {
            Err(
                Error::new(Code::Invalid, "TOO_LONG", "the reason is too long")
                    .with_field("reason", format!("must be at most {MAX_REASON} characters")),
            )
        }
        reason => Ok(reason),
    }
}

/// Returns the authenticated operator.
fn actor() -> String {
    let actor = |context: Option<&seaworthy_core::RequestContext>| {
        context
            .and_then(|context| context.actor())
            .map(|actor| actor.as_str().to_owned())
    };
    context::with_current(actor).unwrap_or_default()
}
