use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use seaworthy_core::{Code, Error};
use serde::Deserialize;

use super::dead_letters::unavailable;
use crate::{
    DeadLetterId, DeadLetterReason, DeadLetters, GroupName, Messaging, Topic,
    dead_letters::{DeadLetterFilter, Replay, ReplayTarget, Selection},
};

/// The default number of dead letters in a response.
const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The maximum number of dead letters in a response. The command lists more.
const MAX_LISTED: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The maximum number of dead letters of a replay, a discard or a grouping.
const MAX_SELECTED: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// Selects dead letters in a query string.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DeadLetterQuery {
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

/// The body of a replay or a discard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadLetterAction {
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
    to_all_groups: bool,
}

impl Filter {
    /// Returns the topic of the filter, or those of all subscriptions.
    async fn topics(
        &self,
        messaging: &Messaging,
        letters: &DeadLetters,
    ) -> Result<Vec<Topic>, Error> {
        let subscribed = messaging.topics();
        let Some(topic) = &self.topic else {
            return Ok(subscribed);
        };
        let is_known = subscribed.contains(topic)
            || letters.has_dead_letters(topic).await.map_err(unavailable)?;
        if !is_known {
            let message = format!(
                "the topic {topic} has no dead letters, and no subscription of this service has it"
            );
            return Err(
                Error::new(Code::NotFound, "TOPIC_NOT_FOUND", message).with_field(
                    "topic",
                    "must be the topic of a subscription or of dead letters",
                ),
            );
        }
        Ok(vec![topic.clone()])
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

impl DeadLetterQuery {
    /// Returns the selection for a list.
    pub(super) async fn listed(
        self,
        messaging: &Messaging,
        letters: &DeadLetters,
    ) -> Result<Selection, Error> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LISTED);
        self.selection(messaging, letters, limit).await
    }

    /// Returns the selection for groups.
    pub(super) async fn grouped(
        self,
        messaging: &Messaging,
        letters: &DeadLetters,
    ) -> Result<Selection, Error> {
        let limit = self.limit.unwrap_or(MAX_SELECTED).min(MAX_SELECTED);
        self.selection(messaging, letters, limit).await
    }

    async fn selection(
        self,
        messaging: &Messaging,
        letters: &DeadLetters,
        limit: NonZeroU32,
    ) -> Result<Selection, Error> {
        let filter = Filter {
            topic: self.topic,
            group: self.group,
            r#type: self.r#type,
            reason: self.reason,
            fingerprint: self.fingerprint,
            since: self.since,
            until: self.until,
        };
        Ok(Selection {
            topics: filter.topics(messaging, letters).await?,
            filter: filter.into_filter(),
            limit,
        })
    }
}

impl DeadLetterAction {
    /// Returns the selected dead letters and the options of a replay.
    ///
    /// # Errors
    /// An action must name letters, a topic or a filter, or set `all`.
    pub(super) async fn plan(
        self,
        messaging: &Messaging,
        letters: &DeadLetters,
    ) -> Result<(Selection, Replay), Error> {
        let topics = self.filter.topics(messaging, letters).await?;
        let names_topic = self.filter.topic.is_some();
        let filter = DeadLetterFilter {
            ids: self.ids.into_iter().collect(),
            ..self.filter.into_filter()
        };
        if !self.all && !names_topic && filter.matches_all() {
            let message = "select dead letters: set ids, filter, or all";
            return Err(Error::new(Code::Invalid, "SELECTION_REQUIRED", message)
                .with_field("all", "must be true without ids and filter"));
        }
        let target = match (self.to_group, self.to_all_groups) {
            (Some(_), true) => {
                let message = "a replay has one target: set to_group or to_all_groups";
                return Err(Error::new(Code::Invalid, "TWO_TARGETS", message)
                    .with_field("to_group", "must not be combined with to_all_groups"));
            }
            (Some(group), false) => ReplayTarget::Group(group),
            (None, true) => ReplayTarget::AllGroups,
            (None, false) => ReplayTarget::FailedGroup,
        };
        let defaults = Replay::default();
        let selection = Selection {
            topics,
            filter,
            limit: self.limit.unwrap_or(MAX_SELECTED).min(MAX_SELECTED),
        };
        let replay = Replay {
            target,
            rate: self.rate.unwrap_or(defaults.rate),
            dry_run: self.dry_run,
        };
        Ok((selection, replay))
    }
}
