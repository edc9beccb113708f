use std::num::NonZeroU32;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaworthy_http::server::ConnectionLimitsConfig;

/// Divisor of the descriptors reserved for pools, files and the admin listener: one of four.
const RESERVED_SHARE: u32 = 4;
/// Divisor of the reserved descriptors that the admin listener may use: one of two.
const ADMIN_SHARE: u32 = 2;

/// The limit on open files and sockets of the process. Without a reserve, a flood of idle
/// connections would stop the probes together with the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptors(Option<u32>);

impl Descriptors {
    /// Raises the soft limit to the hard limit. Shells keep it low only for programs that use
    /// `select`.
    pub(crate) fn raise() {
        let limits = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limits.maximum,
            maximum: limits.maximum,
        };
        // If the system rejects the new limit, `from_process` reads the lower one.
        let _ = setrlimit(Resource::Nofile, raised);
    }

    pub(crate) fn from_process() -> Self {
        let current = getrlimit(Resource::Nofile).current;
        Self(current.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))
    }

    /// Lowers the connection limit of a public listener to the available descriptors, and logs it.
    pub(crate) fn bound(self, section: &str, limits: &mut ConnectionLimitsConfig) {
        let Some(all) = self.0 else { return };
        let max = all - all / RESERVED_SHARE;
        if limits.max_connections.get() > max {
            tracing::warn!(
                section,
                set = limits.max_connections,
                effective = max,
                descriptors = all,
                "lowered max_connections to fit the limit on open files"
            );
            limits.max_connections = at_least_one(max);
        }
    }

    /// Lowers the connection limit of the admin listener to its share of the descriptors.
    pub(crate) fn bound_admin(self, limits: &mut ConnectionLimitsConfig) {
        if let Some(all) = self.0 {
            let max = at_least_one(all / RESERVED_SHARE / ADMIN_SHARE);
            limits.max_connections = limits.max_connections.min(max);
        }
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
