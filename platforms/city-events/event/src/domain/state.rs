use city_events_contract::Moment;

use super::EventError;

/// How late an event may be published after its start: clocks differ, and people are a little late.
const LATE: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// What state an event is in, with what belongs to it. Every change of state is a function here, and there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Seen by its owner.
    Draft {
        /// When it was published before, if it ever was.
        published_at: Option<Moment>,
    },
    /// Seen by everybody.
    Published {
        /// Since when. Missing in rows that others wrote.
        published_at: Option<Moment>,
    },
    /// Over for good.
    Canceled {
        /// When it was published last, if it ever was.
        published_at: Option<Moment>,
        /// Since when. Missing in rows that others wrote.
        canceled_at: Option<Moment>,
    },
}

/// The names of states, in tables, messages and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateName {
    Draft,
    Published,
    Canceled,
}

impl StateName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Draft, Self::Published, Self::Canceled].into_iter();
        all.find(|state| state.as_str() == name)
    }
}

impl State {
    /// A new event's.
    pub(crate) const NEW: Self = Self::Draft { published_at: None };

    pub(crate) const fn new(
        name: StateName,
        published_at: Option<Moment>,
        canceled_at: Option<Moment>,
    ) -> Self {
        match name {
            StateName::Draft => Self::Draft { published_at },
            StateName::Published => Self::Published { published_at },
            StateName::Canceled => Self::Canceled {
                published_at,
                canceled_at,
            },
        }
    }

    pub(crate) const fn name(self) -> StateName {
        match self {
            Self::Draft { .. } => StateName::Draft,
            Self::Published { .. } => StateName::Published,
            Self::Canceled { .. } => StateName::Canceled,
        }
    }

    pub(crate) const fn published_at(self) -> Option<Moment> {
        match self {
            Self::Draft { published_at }
            | Self::Published { published_at }
            | Self::Canceled { published_at, .. } => published_at,
        }
    }

    pub(crate) const fn canceled_at(self) -> Option<Moment> {
        match self {
            Self::Canceled { canceled_at, .. } => canceled_at,
            Self::Draft { .. } | Self::Published { .. } => None,
        }
    }

    /// Makes a draft visible, unless the event has long begun.
    pub(crate) fn publish(self, start: Moment, now: Moment) -> Result<Self, EventError> {
        match self {
            Self::Published { .. } => Err(EventError::State("event already published")),
            Self::Canceled { .. } => Err(CANCELED),
            Self::Draft { .. } if start.get() < now.get() - LATE => {
                Err(EventError::invalid("start_time", "invalid start_time"))
            }
            Self::Draft { .. } => Ok(Self::Published {
                published_at: Some(now),
            }),
        }
    }

    /// Makes it a draft again.
    pub(crate) const fn unpublish(self) -> Result<Self, EventError> {
        match self {
            Self::Published { published_at } => Ok(Self::Draft { published_at }),
            Self::Draft { .. } => Err(EventError::State("event is not published")),
            Self::Canceled { .. } => Err(CANCELED),
        }
    }

    /// Ends it for good, also when it is over.
    pub(crate) const fn cancel(self, now: Moment) -> Result<Self, EventError> {
        match self {
            Self::Draft { published_at } | Self::Published { published_at } => Ok(Self::Canceled {
                published_at,
                canceled_at: Some(now),
            }),
            Self::Canceled { .. } => Err(CANCELED),
        }
    }

    /// Whether it may be changed.
    pub(crate) fn change(self, end: Moment, now: Moment) -> Result<(), EventError> {
        match self {
            Self::Canceled { .. } => Err(CANCELED),
            _ if end <= now => Err(EventError::State("event already ended")),
            _ => Ok(()),
        }
    }
}

const CANCELED: EventError = EventError::State("event already canceled");

#[cfg(test)]
mod tests;
