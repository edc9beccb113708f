use seaworthy_telemetry::metrics::{Gauge, GaugeGuard};
use tokio::time::Instant;

use crate::driver::Driver;

/// An open connection of the pool. Dropping it lowers the gauge of open connections, on every path.
pub(super) struct OpenConnection {
    pub(super) driver: Driver,
    pub(super) at: Instant,
    /// The version of the password with which it was opened.
    pub(super) password_version: u64,
    _open: GaugeGuard,
}

/// An idle connection. It holds a unit of the gauge of idle connections.
pub(super) struct IdleConnection {
    opened: OpenConnection,
    pub(super) used: Instant,
    _idle: GaugeGuard,
}

impl OpenConnection {
    pub(super) fn new(driver: Driver, password_version: u64, open: &Gauge) -> Self {
        Self {
            driver,
            at: Instant::now(),
            password_version,
            _open: open.guard(),
        }
    }
}

impl IdleConnection {
    pub(super) fn new(opened: OpenConnection, used: Instant, idle: &Gauge) -> Self {
        Self {
            opened,
            used,
            _idle: idle.guard(),
        }
    }

    pub(super) fn opened_at(&self) -> Instant {
        self.opened.at
    }

    pub(super) fn password_version(&self) -> u64 {
        self.opened.password_version
    }

    /// Ends the idle state, for use or for closing.
    pub(super) fn take(self) -> OpenConnection {
        self.opened
    }
}
