use std::time::Duration;

/// What a call is admitted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ordinary,
    Probe,
    Trial,
}

/// A permission, to be handed back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) role: Role,
    pub(super) generation: u32,
}

/// What a machine answers to a call that asks to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Go(Ticket),
    /// Refused, and when it may be worth another try.
    Refused(Option<Duration>),
}
