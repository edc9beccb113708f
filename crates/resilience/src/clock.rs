use std::time::Instant;

/// Returns the time of the clock of the runtime, which tests can pause. Outside of a runtime it is
/// the clock of the system. A policy that mixes both would wait for a time that a paused clock
/// reaches late.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
