use serde::Serialize;

/// How much it matters that a request is served now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A person or a payment waits; refused last.
    Critical,
    /// Everything that says nothing else.
    #[default]
    Normal,
    /// It can as well run later: batches, prefetching, crawlers. Refused first.
    Background,
}

impl Priority {
    /// Every priority, the most important first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Normal, Self::Background];

    /// The priority as a label of a metric.
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

/// Tells the priority of a request. Any function of a reference to it does.
pub trait Prioritize<Request>: Clone {
    /// The priority.
    fn prioritize(&self, request: &Request) -> Priority;
}

impl<Request, F: Fn(&Request) -> Priority + Clone> Prioritize<Request> for F {
    fn prioritize(&self, request: &Request) -> Priority {
        self(request)
    }
}
