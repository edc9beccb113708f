//! What operators do with dead letters: look at them, group them, publish them again, throw them away (MSG-3).
//!
//! A replay publishes to the topic from which a letter comes, for the group that could not handle it: the others have had the message, and get it again only where
//! somebody says so. It keeps the message's identifier, so that an inbox knows it, and counts the replays. A letter is removed when the broker has confirmed its
//! replay and not before: cut off at any point a replay loses nothing and can be run again, and at most the letters of one batch are then published twice.

mod description;
mod filter;
mod group;
mod pace;
mod replay;
mod report;
mod turns;

use std::{collections::HashSet, sync::Arc};

pub use description::DeadLetterDescription;
pub use filter::DeadLetterFilter;
pub use group::DeadLetterGroup;
pub(crate) use replay::chain;
pub use replay::{Replay, ReplayTarget, Selection};
pub use report::{DeadLetterReport, DeadLetterOutcome, OutcomeCounts, Progress, ProcessedLetter};
use seaworthy_core::Timeout;

use crate::{
    DeadLetter, DeadLetterId, Topic,
    transport::{MAX_PAGE_SIZE, Transport, TransportError},
};

/// So many are asked for at once: a broker that looks through all of them for every question is asked seldom, and the largest messages still fit into memory.
const PAGE: usize = 1_000;
/// That of publishing.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5);

/// The messages of a broker that no consumer could handle.
#[derive(Clone)]
pub struct DeadLetters {
    transport: Arc<dyn Transport>,
    timeout: Timeout,
}

impl DeadLetters {
    /// Those of an engine.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Sets how long the broker is tried for when it does not take or remove a letter.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// Those of a topic, the oldest first: at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`TransportError`] when the broker does not answer.
    pub async fn list(
        &self,
        topic: &Topic,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, TransportError> {
        let stored = self
            .transport
            .browse(&topic.dead_letters(), after, limit)
            .await?;
        Ok(stored.into_iter().map(DeadLetter::from_stored).collect())
    }

    /// Whether the broker has a dead-letter topic for this topic. Does not create it.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or refuses.
    pub async fn exist_for(&self, topic: &Topic) -> Result<bool, TransportError> {
        self.transport.has_dead_letters(&topic.dead_letters()).await
    }

    /// Returns descriptions of the selected dead letters without payloads, topic by topic, the oldest
    /// first. Memory for payloads is bounded by one page.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or refuses.
    pub async fn descriptions(
        &self,
        selection: &Selection,
    ) -> Result<Vec<DeadLetterDescription>, TransportError> {
        let mut selected = Vec::new();
        self.walk_all(selection, |_, letter| {
            selected.push(DeadLetterDescription::of(&letter));
        })
        .await?;
        Ok(selected)
    }

    /// The selection by what failed and why, the largest group first.
    ///
    /// # Errors
    /// [`TransportError`] when the broker does not answer.
    pub async fn groups(
        &self,
        selection: &Selection,
    ) -> Result<Vec<DeadLetterGroup>, TransportError> {
        let mut selected = Vec::new();
        self.walk_all(selection, |_, letter| {
            // Payloads are not needed, and may be all the memory there is.
            let envelope = letter.envelope.without_payload();
            selected.push(DeadLetter { envelope, ..letter });
        })
        .await?;
        Ok(group::group(selected))
    }

    /// The one with this identifier, in the first of these topics that has it.
    ///
    /// # Errors
    /// [`TransportError`] when the broker does not answer.
    pub async fn find(
        &self,
        topics: &[Topic],
        id: &DeadLetterId,
    ) -> Result<Option<DeadLetter>, TransportError> {
        let selection = Selection::new(topics, DeadLetterFilter::by_id(id.clone()));
        let mut found = None;
        self.walk_all(&selection, |_, letter| found = Some(letter))
            .await?;
        Ok(found)
    }

    /// Visits what is selected, with the identifier of the letter before it. Returns whether there is more than the limit.
    async fn walk_all(
        &self,
        selection: &Selection,
        mut visit: impl FnMut(Option<&DeadLetterId>, DeadLetter),
    ) -> Result<bool, TransportError> {
        let (filter, limit) = (&selection.filter, selection.limit());
        let (mut count, mut more) = (0, false);
        let mut missing = filter.ids.len();
        for topic in &selection.topics {
            self.walk(topic, |before, letter| {
                if !filter.matches(&letter) {
                    return true;
                }
                if count == limit {
                    more = true;
                    return false;
                }
                count += 1;
                missing = missing.saturating_sub(1);
                visit(before, letter);
                filter.ids.is_empty() || missing > 0
            })
            .await?;
            if more || (!filter.ids.is_empty() && missing == 0) {
                break;
            }
        }
        Ok(more)
    }

    /// Visits the letters of a topic as long as the visitor says so.
    async fn walk(
        &self,
        topic: &Topic,
        mut visit: impl FnMut(Option<&DeadLetterId>, DeadLetter) -> bool,
    ) -> Result<(), TransportError> {
        let mut seen = HashSet::new();
        let mut last: Option<DeadLetterId> = None;
        loop {
            let page = self.list(topic, last.as_ref(), PAGE).await?;
            let size: usize = page.iter().map(|letter| letter.envelope.size()).sum();
            let is_last = page.len() < PAGE && size < MAX_PAGE_SIZE.as_usize();
            let known = seen.len();
            for letter in page {
                let id = letter.id.clone();
                // An engine begins anew where the letter to go on from was removed.
                if !seen.insert(id.clone()) {
                    continue;
                }
                if !visit(last.as_ref(), letter) {
                    return Ok(());
                }
                last = Some(id);
            }
            if is_last || seen.len() == known {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
