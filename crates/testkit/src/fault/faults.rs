use std::time::Duration;

/// The faults that a proxy applies to the bytes of its connections. All fields apply together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The delay of bytes in each direction.
    pub latency: Duration,
    /// The maximum additional random delay of a piece. Bytes stay in order.
    pub jitter: Duration,
    /// Bytes per second in each direction. `None` is unbounded.
    pub bandwidth: Option<u64>,
    /// Maximum number of bytes per write. `None` is unbounded.
    pub slice: Option<usize>,
    /// A failure of the whole connection.
    pub disruption: Option<Disruption>,
}

/// A failure of the whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disruption {
    /// Connections are refused, and open connections are reset, as after a crash of the process.
    Down,
    /// Connections are accepted, and reset with the next byte from either side.
    Reset,
    /// Connections are accepted and bytes are read, but nothing is forwarded. A firewall that drops
    /// packets, or a process that hangs, has the same effect.
    Blackhole,
    /// Bytes from the client are forwarded, and bytes from the server are dropped.
    HalfOpen,
}

impl Fault {
    /// No fault.
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

    /// Creates faults with only this disruption.
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
