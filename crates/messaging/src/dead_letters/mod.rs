//! Operations on dead letters: list, group, replay and discard (MSG-3).
//!
//! A replay publishes a message to its original topic for the group that failed. Other groups
//! receive it again only on request. The message keeps its ID, so an inbox recognizes it, and the
//! replay counts its replays. A dead letter is removed after the broker has confirmed its replay.
//! An interrupted replay loses nothing and can run again. It then publishes at most one batch
//! twice.

mod description;
mod filter;
mod group;
mod pace;
mod process;
mod replay;
mod report;

use std::{collections::HashSet, sync::Arc};

pub use description::DeadLetterDescription;
pub use filter::DeadLetterFilter;
pub use group::DeadLetterGroup;
pub use replay::{Replay, ReplayTarget, Selection};
pub use report::{DeadLetterOutcome, DeadLetterReport, OutcomeCounts, ProcessedLetter, Progress};
use seaworthy_core::Timeout;

use crate::{
    DeadLetter, DeadLetterId, Topic,
    transport::{MAX_PAGE_SIZE, Transport, TransportError},
};

/// The number of letters of one page. RabbitMQ reads the whole queue for each page, so pages are
/// large.
const PAGE: usize = 1_000;
/// The default timeout of publishing.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5);

/// The dead letters of a broker.
#[derive(Clone)]
pub struct DeadLetters {
    transport: Arc<dyn Transport>,
    timeout: Timeout,
}

impl DeadLetters {
    /// Creates the dead letters of an engine.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Sets the timeout of publishing and removing a batch, with retries.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns one page of the dead letters of a topic after `after`, the oldest first. A page has
    /// at most `limit` letters and about [`MAX_PAGE_SIZE`].
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or rejects the request.
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
    /// [`TransportError`] if the broker cannot be reached or rejects the request.
    pub async fn has_dead_letters(&self, topic: &Topic) -> Result<bool, TransportError> {
        self.transport.has_dead_letters(&topic.dead_letters()).await
    }

    /// Returns descriptions of the selected dead letters without payloads, topic by topic, the
    /// oldest first. Memory for payloads is bounded by one page.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or rejects the request.
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

    /// Groups the selected dead letters by cause, the largest group first.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or rejects the request.
    pub async fn groups(
        &self,
        selection: &Selection,
    ) -> Result<Vec<DeadLetterGroup>, TransportError> {
        let mut selected = Vec::new();
        self.walk_all(selection, |_, letter| {
            // Payloads are not needed and may exceed the memory.
            let envelope = letter.envelope.without_payload();
            selected.push(DeadLetter { envelope, ..letter });
        })
        .await?;
        Ok(group::group(selected))
    }

    /// Returns the dead letter with this ID from the first topic that has it.
    ///
    /// # Errors
    /// [`TransportError`] if the broker cannot be reached or rejects the request.
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

    /// Visits the selected letters with the ID of the previous letter. Returns whether the
    /// selection exceeds its limit.
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

    /// Visits the letters of a topic until the visitor returns `false`.
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
                // An engine starts from the beginning if the letter `last` was removed.
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
