use city_events_contract::Timestamp;

use super::EventError;

/// Maximum time between the start of an event and its publication.
const MAX_LATENESS: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// State of an event. Its methods are the only transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Visible to its owner and to moderators.
    Draft {
        /// Time of the last publication.
        published_at: Option<Timestamp>,
    },
    /// Visible to all users.
    Published {
        /// Time of publication. Rows of the legacy service can lack it.
        published_at: Option<Timestamp>,
    },
    /// Canceled, which is final.
    Canceled {
        /// Time of the last publication.
        published_at: Option<Timestamp>,
        /// Time of cancellation. Rows of the legacy service can lack it.
        canceled_at: Option<Timestamp>,
    },
}

/// Name of a state in tables, messages and responses.
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

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = [Self::Draft, Self::Published, Self::Canceled].into_iter();
        all.find(|state| state.as_str() == name)
    }
}

impl State {
    /// State of a new event.
    pub(crate) const NEW: Self = Self::Draft { published_at: None };

    pub(crate) const fn from_parts(
        name: StateName,
        published_at: Option<Timestamp>,
        canceled_at: Option<Timestamp>,
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

    pub(crate) const fn published_at(self) -> Option<Timestamp> {
        match self {
            Self::Draft { published_at }
            | Self::Published { published_at }
            | Self::Canceled { published_at, .. } => published_at,
        }
    }

    pub(crate) const fn canceled_at(self) -> Option<Timestamp> {
        match self {
            Self::Canceled { canceled_at, .. } => canceled_at,
            Self::Draft { .. } | Self::Published { .. } => None,
        }
    }

    /// Publishes a draft.
    ///
    /// # Errors
    /// The state is not draft, or the event started more than five minutes ago.
    pub(crate) fn publish(self, start: Timestamp, now: Timestamp) -> Result<Self, EventError> {
        match self {
            Self::Published { .. } => Err(EventError::State("event already published")),
            Self::Canceled { .. } => Err(CANCELED),
            Self::Draft { .. } if start.get() < now.get() - MAX_LATENESS => {
                Err(EventError::invalid("start_time", "invalid start_time"))
            }
            Self::Draft { .. } => Ok(Self::Published {
                published_at: Some(now),
            }),
        }
    }

    /// Returns a published event to the state draft.
    ///
    /// # Errors
    /// The state is not published.
    pub(crate) const fn unpublish(self) -> Result<Self, EventError> {
        match self {
            Self::Published { published_at } => Ok(Self::Draft { published_at }),
            Self::Draft { .. } => Err(EventError::State("event is not published")),
            Self::Canceled { .. } => Err(CANCELED),
        }
    }

    /// Cancels the event, also after its end.
    ///
    /// # Errors
    /// The event is canceled already.
    pub(crate) const fn cancel(self, now: Timestamp) -> Result<Self, EventError> {
        match self {
            Self::Draft { published_at } | Self::Published { published_at } => Ok(Self::Canceled {
                published_at,
                canceled_at: Some(now),
            }),
            Self::Canceled { .. } => Err(CANCELED),
        }
    }

    /// Checks that the details can change.
    ///
    /// # Errors
    /// The event is canceled or has ended.
    pub(crate) fn check_change(self, end: Timestamp, now: Timestamp) -> Result<(), EventError> {
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
