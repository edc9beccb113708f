use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use seaworthy_core::{Code, Error};
use serde::Deserialize;

use crate::{
    DeadLetterId, DeadLetterReason, GroupName, Messaging, Topic,
    dead_letters::{DeadLetterFilter, Replay, ReplayTarget, Selection},
};

/// As many as an answer holds.
const LISTED: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// More belong into a command.
const MOST_LISTED: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// As many as one person decides about at once.
const MOST_TREATED: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// Which dead letters, as the query of a listing has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    topic: Option<Topic>,
    group: Option<GroupName>,
    r#type: Option<String>,
    reason: Option<DeadLetterReason>,
    fingerprint: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    limit: Option<NonZeroU32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    topic: Option<Topic>,
    group: Option<GroupName>,
    r#type: Option<String>,
    reason: Option<DeadLetterReason>,
    fingerprint: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// What is to be done with which dead letters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) reason: String,
    #[serde(default)]
    filter: Filter,
    #[serde(default)]
    ids: Vec<DeadLetterId>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    pub(super) dry_run: bool,
    rate: Option<NonZeroU32>,
    limit: Option<NonZeroU32>,
    to_group: Option<GroupName>,
    #[serde(default)]
    to_everyone: bool,
}

impl Filter {
    fn topics(&self, messaging: &Messaging) -> Vec<Topic> {
        match &self.topic {
            Some(topic) => vec![topic.clone()],
            None => messaging.topics(),
        }
    }

    fn into_filter(self) -> DeadLetterFilter {
        DeadLetterFilter {
            group: self.group,
            event_type: self.r#type,
            reason: self.reason,
            fingerprint: self.fingerprint,
            since: self.since,
            until: self.until,
            ..DeadLetterFilter::default()
        }
    }
}

impl Asked {
    pub(super) fn selection(self, messaging: &Messaging, listing: bool) -> Selection {
        let filter = Filter {
            topic: self.topic,
            group: self.group,
            r#type: self.r#type,
            reason: self.reason,
            fingerprint: self.fingerprint,
            since: self.since,
            until: self.until,
        };
        let topics = filter.topics(messaging);
        let (usual, most) = if listing {
            (LISTED, MOST_LISTED)
        } else {
            (MOST_TREATED, MOST_TREATED)
        };
        Selection {
            topics,
            filter: filter.into_filter(),
            limit: self.limit.unwrap_or(usual).min(most),
        }
    }
}

impl Wish {
    /// What changes something must say of which letters.
    pub(super) fn plan(self, messaging: &Messaging) -> Result<(Selection, Replay), Error> {
        let topics = self.filter.topics(messaging);
        let names_topic = self.filter.topic.is_some();
        let filter = DeadLetterFilter {
            ids: self.ids.into_iter().collect(),
            ..self.filter.into_filter()
        };
        if !self.all && !names_topic && filter.is_everything() {
            let message = "name letters, a topic or a filter, or say all";
            return Err(Error::new(Code::Invalid, "SELECTION_REQUIRED", message)
                .with_field("all", "must be true where nothing is named"));
        }
        let target = match (self.to_group, self.to_everyone) {
            (Some(_), true) => {
                let message = "a replay is for one group or for everyone";
                return Err(Error::new(Code::Invalid, "TWO_TARGETS", message)
                    .with_field("to_group", "excludes to_everyone"));
            }
            (Some(group), false) => ReplayTarget::Group(group),
            (None, true) => ReplayTarget::Everyone,
            (None, false) => ReplayTarget::FailedGroup,
        };
        let usual = Replay::default();
        let selection = Selection {
            topics,
            filter,
            limit: self.limit.unwrap_or(MOST_TREATED).min(MOST_TREATED),
        };
        let replay = Replay {
            target,
            rate: self.rate.unwrap_or(usual.rate),
            dry_run: self.dry_run,
        };
        Ok((selection, replay))
    }
}
