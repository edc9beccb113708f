use axum::extract::State;
use seaworthy_http::{Json, Routes};
use seaworthy_resilience::{
    adaptive_concurrency::ConcurrencySnapshot,
    bulkhead::BulkheadSnapshot,
    circuit_breaker::BreakerState,
    coalesce::CoalesceSnapshot,
    hedge::HedgeSnapshot,
    policies::{LimitsSnapshot, PoliciesSnapshot},
    rate_limit::RateLimitSnapshot,
    retry::RetrySnapshot,
};
use serde::Serialize;

use super::{AdminState, seconds::seconds};

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new().get("/policies", list)
}

/// The policies of calls and the limits of requests. Times are in seconds.
#[derive(Debug, Serialize)]
struct PoliciesReport {
    dependencies: Vec<DependencyReport>,
    rate_limits: Vec<RateLimitReport>,
    adaptive_concurrency: Vec<ConcurrencyReport>,
}

#[derive(Debug, Serialize)]
struct DependencyReport {
    name: String,
    breaker: BreakerState,
    bulkhead: BulkheadSnapshot,
    retry: RetrySnapshot,
    /// `null` if it is not set, like the fields below.
    rate_limit: Option<RateLimitReport>,
    adaptive_concurrency: Option<ConcurrencyReport>,
    hedge: Option<HedgeReport>,
    coalesce: Option<CoalesceSnapshot>,
}

#[derive(Debug, Serialize)]
struct HedgeReport {
    delay: f64,
    hedges: u64,
}

#[derive(Debug, Serialize)]
struct RateLimitReport {
    name: String,
    requests: u32,
    window: f64,
    keys: usize,
    rejected: u64,
}

#[derive(Debug, Serialize)]
struct ConcurrencyReport {
    name: String,
    limit: u32,
    in_flight: u32,
    base_latency: Option<f64>,
    rejected: u64,
}

impl From<PoliciesSnapshot> for DependencyReport {
    fn from(snapshot: PoliciesSnapshot) -> Self {
        Self {
            name: snapshot.name,
            breaker: snapshot.breaker.state,
            bulkhead: snapshot.bulkhead,
            retry: snapshot.retry,
            rate_limit: snapshot.rate_limit.map(Into::into),
            adaptive_concurrency: snapshot.adaptive_concurrency.map(Into::into),
            hedge: snapshot.hedge.map(Into::into),
            coalesce: snapshot.coalesce,
        }
    }
}

impl From<HedgeSnapshot> for HedgeReport {
    fn from(snapshot: HedgeSnapshot) -> Self {
        Self {
            delay: seconds(snapshot.delay),
            hedges: snapshot.hedges,
        }
    }
}

impl From<RateLimitSnapshot> for RateLimitReport {
    fn from(snapshot: RateLimitSnapshot) -> Self {
        Self {
            name: snapshot.name,
            requests: snapshot.requests,
            window: seconds(snapshot.window),
            keys: snapshot.keys,
            rejected: snapshot.rejected,
        }
    }
}

impl From<ConcurrencySnapshot> for ConcurrencyReport {
    fn from(snapshot: ConcurrencySnapshot) -> Self {
        Self {
            name: snapshot.name,
            limit: snapshot.limit,
            in_flight: snapshot.in_flight,
            base_latency: snapshot.base_latency.map(seconds),
            rejected: snapshot.rejected,
        }
    }
}

async fn list(State(state): State<AdminState>) -> Json<PoliciesReport> {
    let resilience = &state.parts.resilience;
    let LimitsSnapshot {
        rate_limits,
        adaptive_concurrency,
    } = resilience.limits();
    let dependencies = resilience.snapshot();
    Json(PoliciesReport {
        dependencies: dependencies.into_iter().map(Into::into).collect(),
        rate_limits: rate_limits.into_iter().map(Into::into).collect(),
        adaptive_concurrency: adaptive_concurrency.into_iter().map(Into::into).collect(),
    })
}
