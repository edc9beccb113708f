use std::time::Duration;

/// What a proxy does to the bytes that pass it. The parts add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// How much later bytes arrive, in each direction.
    pub latency: Duration,
    /// Up to how much more, chosen anew for each piece. Bytes never overtake each other.
    pub jitter: Duration,
    /// Bytes a second in each direction; `None` is no bound.
    pub bandwidth: Option<u64>,
    /// The most bytes that are written at once; `None` is no bound.
    pub slice: Option<usize>,
    /// What breaks altogether.
    pub disruption: Option<Disruption>,
}

/// What a connection suffers altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disruption {
    /// Connections are refused, and those that are open are reset: the process is gone.
    Down,
    /// Connections are accepted, and reset with the next byte from either side.
    Reset,
    /// Connections are accepted and bytes are read, but nothing is passed on and nothing answered:
    /// a firewall that drops, a process that hangs.
    Blackhole,
    /// What the client sends arrives; what the server answers does not: the route back is gone.
    HalfOpen,
}

impl Fault {
    /// Bytes pass as they come.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            bandwidth: None,
            slice: None,
            disruption: None,
        }
    }

    /// Nothing but this disruption.
    #[must_use]
    pub const fn of(disruption: Disruption) -> Self {
        Self {
            disruption: Some(disruption),
            ..Self::none()
        }
    }
}

impl Default for Fault {
    fn default() -> Self {
        Self::none()
    }
}
