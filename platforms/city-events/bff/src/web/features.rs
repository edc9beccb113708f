use std::sync::Arc;

use seaworthy::{
    flags::{Context, Flag, Flags, Kind, Toggle},
    prelude::*,
};

/// The day on which the flag should be removed.
const ALMOST_FULL_EXPIRES: &str = "2027-02-01";
/// The share of taken seats from which an event is almost full.
const ALMOST_FULL_PERCENT: i64 = 80;

/// The feature flags of the pages.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    /// A notice above the list of events, such as a planned interruption. Empty: no notice.
    pub(super) notice: Toggle<Arc<str>>,
    /// Marks events with few seats left. A percentage selects events, not visitors, so that all
    /// visitors see the same list.
    almost_full: Toggle<bool>,
    /// Ranks events by the feed service. Off: events are sorted by date, without a call.
    pub(super) ranking: Toggle<bool>,
}

impl Features {
    /// # Errors
    /// [`StartError`] if the flag files define a flag with another type.
    pub(crate) fn declare(flags: &Flags) -> Result<Self, StartError> {
        let notice = Flag::string("web.notice", "")
            .owner("web")
            .kind(Kind::Permission);
        let almost_full = Flag::boolean("web.almost_full", false)
            .owner("web")
            .kind(Kind::Release)
            .expires(ALMOST_FULL_EXPIRES);
        let ranking = Flag::boolean("feed.ranking", true)
            .owner("feed")
            .kind(Kind::KillSwitch);
        Ok(Self {
            notice: flags.declare(notice)?,
            almost_full: flags.declare(almost_full)?,
            ranking: flags.declare(ranking)?,
        })
    }

    /// Whether the card of an event shows that it is almost full.
    pub(super) fn marks_almost_full(&self, id: &str, participants: i32, capacity: i32) -> bool {
        let is_almost_full = participants < capacity
            && i64::from(participants) * 100 >= i64::from(capacity) * ALMOST_FULL_PERCENT;
        is_almost_full && self.almost_full.get_with(&Context::new().targeting_key(id))
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::flags::{Bucketing, Compiler, Strictness};

    use super::*;

    #[test]
    fn percentage_marks_same_events_for_everyone_flag_1() {
        let flags = Flags::new(Context::new());
        let features = Features::declare(&flags).unwrap();
        assert!(!features.marks_almost_full("event-1", 9, 10));
        let document = serde_json::json!({"flags": {"web.almost_full": {
            "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
            "targeting": {"fractional": [["on", 50], ["off", 50]]},
        }}});
        let set = Compiler::new(Bucketing::V3).compile(document, Strictness::Strict);
        flags.replace(set.unwrap()).unwrap();
        let marked = |participants| {
            let ids = (0..1_000).map(|number| format!("event-{number}"));
            let marked = ids.filter(|id| features.marks_almost_full(id, participants, 10));
            marked.collect::<Vec<_>>()
        };
        assert!((400..600).contains(&marked(8).len()));
        assert_eq!(marked(8), marked(9));
        assert!(marked(7).is_empty() && marked(10).is_empty());
    }
}
