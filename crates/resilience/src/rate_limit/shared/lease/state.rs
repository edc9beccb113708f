use std::time::Duration;

use parking_lot::Mutex;

/// What a process knows of a key: the units that it borrowed, or that there are none. All times are nanoseconds since the start.
#[derive(Debug, Default)]
pub(super) struct Lease {
    // One lock for all of it: units are good only until the end that was stored with them.
    state: Mutex<State>,
    /// Held by the one request that renews the lease.
    pub(super) renewing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    units: u32,
    ends: u64,
    /// Redis has nothing before this time.
    blocked_until: u64,
    /// What Redis had left when the units were borrowed.
    remaining: u32,
}

/// What a lease says about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The request is admitted and as many units remain.
    Admitted(u32),
    /// There are no units for this long.
    Blocked(Duration),
    /// The lease is used up or has ended.
    Unknown,
}

impl Lease {
    /// Takes a unit if there is one.
    pub(super) fn take(&self, now: u64) -> Answer {
        let mut state = self.state.lock();
        if now < state.blocked_until {
            return Answer::Blocked(Duration::from_nanos(state.blocked_until - now));
        }
        if now >= state.ends {
            return Answer::Unknown;
        }
        match state.units.checked_sub(1) {
            None => Answer::Unknown,
            Some(left) => {
                state.units = left;
                Answer::Admitted(state.remaining.saturating_add(left))
            }
        }
    }

    /// Replaces what is left by `units`, which are good until `ends`.
    pub(super) fn renew(&self, units: u32, remaining: u32, ends: u64) {
        let mut state = self.state.lock();
        state.units = units;
        state.remaining = remaining;
        state.ends = ends;
    }

    /// Refuses requests until `until`.
    pub(super) fn block(&self, until: u64) {
        self.state.lock().blocked_until = until;
    }

    /// Whether the lease still says something about requests.
    pub(super) fn is_in_use(&self, now: u64) -> bool {
        let state = self.state.lock();
        state.ends > now || state.blocked_until > now
    }
}
