//! Three results of a look-up: known, absent, unknown. An unknown value is never guessed.

/// The result of a look-up in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<T> {
    /// The value exists.
    Known(T),
    /// All files that could contain it were read, and none does.
    Absent,
    /// The packs could not resolve the value. The text is the reason.
    Unknown(String),
}

impl<T> Resolution<T> {
    /// The value, when known.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Whether everything was read and the value does not exist.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the value could not be resolved.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Applies a function to a known value.
    pub fn map<U>(self, function: impl FnOnce(T) -> U) -> Resolution<U> {
        match self {
            Self::Known(value) => Resolution::Known(function(value)),
            Self::Absent => Resolution::Absent,
            Self::Unknown(reason) => Resolution::Unknown(reason),
        }
    }
}
