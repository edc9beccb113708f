use std::num::NonZeroU32;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaworthy_http::server::ConnectionLimitsConfig;

/// The share of the descriptors that connections of the public listener leave to everything else: pools, files, operators.
const RESERVED_SHARE: u32 = 4;
/// Of which operators and probes may take this share.
const ADMIN_SHARE: u32 = 2;

/// How many files and sockets the process may have open. Without regard to it, a flood of idle connections takes the probes down together with the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptors(Option<u32>);

impl Descriptors {
    /// Raises the soft limit to the hard one, which is what a server may always do and shells leave low for programs that use `select`.
    pub(crate) fn raise() {
        let limits = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limits.maximum,
            maximum: limits.maximum,
        };
        // Where it is refused, the lower limit is what `of_process` finds.
        let _ = setrlimit(Resource::Nofile, raised);
    }

    pub(crate) fn of_process() -> Self {
        let current = getrlimit(Resource::Nofile).current;
        Self(current.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))
    }

    /// Bounds the connections of a listener for callers, and says so where that is less than what is set.
    pub(crate) fn bound(self, section: &str, limits: &mut ConnectionLimitsConfig) {
        let Some(all) = self.0 else { return };
        let most = all - all / RESERVED_SHARE;
        if limits.max.get() > most {
            tracing::warn!(
                section,
                set = limits.max,
                effective = most,
                descriptors = all,
                "the limit of open files allows fewer connections"
            );
            limits.max = at_least_one(most);
        }
    }

    /// Bounds the connections of the admin listener to a share of what the public one leaves.
    pub(crate) fn bound_admin(self, limits: &mut ConnectionLimitsConfig) {
        if let Some(all) = self.0 {
            let most = at_least_one(all / RESERVED_SHARE / ADMIN_SHARE);
            limits.max = limits.max.min(most);
        }
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
