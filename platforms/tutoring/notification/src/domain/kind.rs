use seaworthy::prelude::*;

/// The kind of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotificationKind {
    Course,
    Assignment,
    Achievement,
    Payment,
    System,
}

impl NotificationKind {
    const ALL: [Self; 5] = [
        Self::Course,
        Self::Assignment,
        Self::Achievement,
        Self::Payment,
        Self::System,
    ];

    /// Returns the name in the interface.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::Assignment => "assignment",
            Self::Achievement => "achievement",
            Self::Payment => "payment",
            Self::System => "system",
        }
    }

    /// Returns the kind with a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
