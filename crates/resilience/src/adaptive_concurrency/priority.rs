use serde::Serialize;

/// The priority of a request under overload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A person or a payment waits for it. Rejected last.
    Critical,
    /// Requests without another priority.
    #[default]
    Normal,
    /// Batches, prefetching and other requests that can run later. Rejected first.
    Background,
}

impl Priority {
    /// All priorities, the most important first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Normal, Self::Background];

    /// Returns the label of the priority in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Normal => "normal",
            Self::Background => "background",
        }
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Critical => 0,
            Self::Normal => 1,
            Self::Background => 2,
        }
    }
}
