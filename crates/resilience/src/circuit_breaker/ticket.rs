use std::time::Duration;

/// The role of an admitted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ordinary,
    Probe,
    Trial,
}

/// Identifies an admitted call when it reports its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) role: Role,
    pub(super) generation: u32,
}

/// The decision about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Admit(Ticket),
    /// The call is rejected, with the time until a retry.
    Reject(Option<Duration>),
}
