use std::fmt;

/// The life of a service, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Settings are read, and every mistake in them is reported at once.
    Configure,
    /// Unsafe settings are refused (CONF-3).
    Preflight,
    /// Logs, metrics and traces begin.
    Telemetry,
    /// Both listeners answer probes: alive, not ready, saying what is waited for. Requests are refused with 503.
    Listen,
    /// The service's own assembly: dependencies are connected, migrations checked, caches warmed (LIFE-3).
    Assemble,
    /// Requests are served.
    Ready,
    /// The stop has begun: readiness is off, traffic is still served for the drain delay.
    Drain,
    /// Listeners close; requests and streams under way are finished.
    Requests,
    /// Consumers finish and acknowledge the messages in hand.
    Consumers,
    /// Workers and tasks finish.
    Workers,
    /// The outbox passes on what is left.
    Relays,
    /// Connection pools close.
    Pools,
    /// The admin listener closes, and telemetry is flushed: last, so that all of the above was seen.
    Flush,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 13] = [
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
