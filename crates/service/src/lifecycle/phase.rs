use std::fmt;

/// The phases of a service from start to stop, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Reads the settings and reports all errors together.
    Configure,
    /// Rejects unsafe settings (CONF-3).
    Preflight,
    /// Starts logs, metrics and traces.
    Telemetry,
    /// Opens the HTTP and admin listeners, which respond to probes: alive, not ready, and which
    /// dependency is missing. Other requests get 503.
    Listen,
    /// Runs the assembly function: it connects dependencies, checks migrations and warms caches
    /// (LIFE-3).
    Assemble,
    /// Serves requests.
    Ready,
    /// Fails the readiness probe and still serves traffic for the drain delay.
    Drain,
    /// Closes the listeners and finishes requests and streams in flight.
    Requests,
    /// Finishes and acknowledges received messages.
    Consumers,
    /// Finishes workers and tasks.
    Workers,
    /// Finishes the relays of the outbox.
    Relays,
    /// Closes connection pools.
    Pools,
    /// Closes the admin listener and flushes telemetry, so that all earlier phases are logged.
    Flush,
}

impl Phase {
    /// All phases, in order. The length follows the enum, so that no variant can be left out.
    pub const ALL: [Self; Self::Flush as usize + 1] = [
        Self::Configure,
        Self::Preflight,
        Self::Telemetry,
        Self::Listen,
        Self::Assemble,
        Self::Ready,
        Self::Drain,
        Self::Requests,
        Self::Consumers,
        Self::Workers,
        Self::Relays,
        Self::Pools,
        Self::Flush,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Configure => "configure",
            Self::Preflight => "preflight",
            Self::Telemetry => "telemetry",
            Self::Listen => "listen",
            Self::Assemble => "assemble",
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Requests => "requests",
            Self::Consumers => "consumers",
            Self::Workers => "workers",
            Self::Relays => "relays",
            Self::Pools => "pools",
            Self::Flush => "flush",
        })
    }
}
