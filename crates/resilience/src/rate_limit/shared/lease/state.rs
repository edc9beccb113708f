use std::time::Duration;

use parking_lot::Mutex;

/// The state of a key in this process: the units that it has taken, or that Redis has none. All
/// times are nanoseconds since the start.
#[derive(Debug, Default)]
pub(super) struct Lease {
    // One lock for all fields, because units are valid only until the end that was stored with
    // them.
    state: Mutex<State>,
    /// Held by the one request that renews the lease.
    pub(super) renewing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    units: u32,
    ends: u64,
    /// The earliest time at which Redis may have units.
    blocked_until: u64,
    /// The remaining units in Redis when this process took its units.
    remaining: u32,
}

/// The decision of a lease about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LeaseDecision {
    /// The request is admitted, and this many units remain.
    Admitted(u32),
    /// Redis has no units for this time.
    Blocked(Duration),
    /// The lease is exhausted or has ended.
    Unknown,
}

impl Lease {
    /// Takes a unit if there is one.
    pub(super) fn take(&self, now: u64) -> LeaseDecision {
        let mut state = self.state.lock();
        if now < state.blocked_until {
            return LeaseDecision::Blocked(Duration::from_nanos(state.blocked_until - now));
        }
        if now >= state.ends {
            return LeaseDecision::Unknown;
        }
        match state.units.checked_sub(1) {
            None => LeaseDecision::Unknown,
            Some(left) => {
                state.units = left;
                LeaseDecision::Admitted(state.remaining.saturating_add(left))
            }
        }
    }

    /// Replaces the remaining units by `units`, which are valid until `ends`.
    pub(super) fn renew(&self, units: u32, remaining: u32, ends: u64) {
        let mut state = self.state.lock();
        state.units = units;
        state.remaining = remaining;
        state.ends = ends;
    }

    /// Rejects requests until `until`.
    pub(super) fn block(&self, until: u64) {
        self.state.lock().blocked_until = until;
    }

    /// Whether the lease still decides about requests.
    pub(super) fn is_in_use(&self, now: u64) -> bool {
        let state = self.state.lock();
        state.ends > now || state.blocked_until > now
    }
}
