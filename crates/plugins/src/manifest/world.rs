use serde::{Deserialize, Serialize};

/// A world of the interface: the exports of a component in addition to `lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum World {
    /// Hooks, event handlers and decisions.
    Plugin,
    /// Hooks.
    RequestHook,
    /// Event handlers.
    EventHandler,
    /// Decisions.
    PolicyDecision,
    /// Hooks and event handlers.
    HooksAndEvents,
}

impl World {
    /// All worlds.
    pub const ALL: [Self; 5] = [
        Self::Plugin,
        Self::RequestHook,
        Self::EventHandler,
        Self::PolicyDecision,
        Self::HooksAndEvents,
    ];

    /// Returns the name in the interface files and in manifests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::RequestHook => "request-hook",
            Self::EventHandler => "event-handler",
            Self::PolicyDecision => "policy-decision",
            Self::HooksAndEvents => "hooks-and-events",
        }
    }

    /// Returns true if a component with these exports matches this world.
    pub(crate) const fn has(self, hooks: bool, events: bool, policy: bool) -> bool {
        match self {
            Self::Plugin => hooks && events && policy,
            Self::RequestHook => hooks && !events && !policy,
            Self::EventHandler => !hooks && events && !policy,
            Self::PolicyDecision => !hooks && !events && policy,
            Self::HooksAndEvents => hooks && events && !policy,
        }
    }
}
