use std::sync::Arc;

use seaworthy::{
    flags::{Flag, Flags, Kind, Toggle},
    prelude::*,
};

/// The feature flags of the pages.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    /// A notice above the list of events, such as a planned interruption. Empty: no notice.
    pub(super) notice: Toggle<Arc<str>>,
    /// Ranks events by the feed service. Off: events are sorted by date, without a call.
    pub(super) ranking: Toggle<bool>,
}

impl Features {
    /// # Errors
    /// [`StartError`] if the flag files define a flag with another type.
    pub(crate) fn declare(flags: &Flags) -> Result<Self, StartError> {
        let notice = Flag::text("web.notice", "")
            .owner("web")
            .kind(Kind::Permission);
        let ranking = Flag::boolean("feed.ranking", true)
            .owner("feed")
            .kind(Kind::KillSwitch);
        Ok(Self {
            notice: flags.declare(notice)?,
            ranking: flags.declare(ranking)?,
        })
    }
}
