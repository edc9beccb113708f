use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_nats::{HeaderMap, header};
use futures::StreamExt as _;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{self, Instant};

use super::{
    link::{Connection, Link, lost},
    names::Names,
};
use crate::{GroupName, transport::TransportError};

/// A holder tells three times in a lease that it is there.
const TOLD_PER_LEASE: u32 = 3;

/// Sessions of this process that have ended with the turn in their hands: whoever comes next here need not wait for them.
pub(super) type Ended = Arc<Mutex<BTreeSet<String>>>;

/// The turn of one member of an ordered group: the last message of its subject names who has it, and whoever publishes on top of exactly that message has it next. No clock is compared with another: a member
/// takes the turn over when it has seen nothing new for one lease and a half.
pub(super) struct Turn {
    link: Link,
    stream: String,
    subject: String,
    session: String,
    lease: Duration,
    ended: Ended,
}

/// The turn is had as of this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Had(u64);

/// The last message about a turn.
struct Last {
    sequence: u64,
    /// Empty where nobody has it.
    session: String,
}

impl Turn {
    pub(super) fn new(
        link: Link,
        names: &Names,
        group: &GroupName,
        lease: Duration,
        ended: Ended,
    ) -> Self {
        Self {
            link,
            stream: names.turns().to_owned(),
            subject: names.turn(group),
            session: seaworthy_core::new_id().hyphenated().to_string(),
            lease,
            ended,
        }
    }

    /// The session is over, and may have the turn still.
    pub(super) fn has_ended(&self) {
        self.ended.lock().insert(self.session.clone());
    }

    fn is_free(&self, last: &Last) -> bool {
        last.session.is_empty() || self.ended.lock().contains(&last.session)
    }

    /// Waits for the turn.
    pub(super) async fn take(&self, connection: &mut Connection) -> Result<Had, TransportError> {
        let subscribed = self.link.client.subscribe(self.subject.clone()).await;
        let mut news = subscribed.map_err(TransportError::unavailable)?;
        let patience = self.lease * 3 / 2;
        let mut seen: Option<(u64, Instant)> = None;
        loop {
            let last = self.last().await?;
            let on_top_of = match &last {
                None => Some(0),
                Some(last) if self.is_free(last) => Some(last.sequence),
                Some(last) => match seen {
                    Some((sequence, since)) if sequence == last.sequence => {
                        (since.elapsed() >= patience).then_some(sequence)
                    }
                    _ => {
                        seen = Some((last.sequence, Instant::now()));
                        None
                    }
                },
            };
            if let Some(sequence) = on_top_of
                && let Some(had) = self.put(&self.session, sequence).await?
            {
                if let Some(last) = last {
                    self.ended.lock().remove(&last.session);
                }
                return Ok(had);
            }
            let until = match seen {
                Some((_, since)) if on_top_of.is_none() => since + patience,
                // Somebody was faster; what there is now is looked at once more.
                _ => Instant::now(),
            };
            tokio::select! {
                _ = news.next() => {}
                () = time::sleep_until(until) => {}
                () = connection.is_lost() => return Err(lost()),
            }
        }
    }

    /// Tells that the turn is still had, until somebody else has it, or `is_wanted` says that it is not wanted any more.
    pub(super) async fn keep(
        &self,
        mut had: Had,
        is_wanted: impl Fn(Had) -> bool,
    ) -> Result<(), TransportError> {
        loop {
            time::sleep(self.lease / TOLD_PER_LEASE).await;
            match self.put(&self.session, had.0).await {
                Ok(Some(now)) => {
                    had = now;
                    if !is_wanted(had) {
                        return self.give_up(had).await;
                    }
                }
                Ok(None) => {
                    let text = "another member of the group has its turn";
                    return Err(TransportError::unavailable(text));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets the next have it.
    pub(super) async fn give_up(&self, had: Had) -> Result<(), TransportError> {
        self.put("", had.0).await.map(drop)
    }

    async fn last(&self) -> Result<Option<Last>, TransportError> {
        let body = json!({"last_by_subj": self.subject});
        let Some(message) = self.link.find(&self.stream, &body).await? else {
            return Ok(None);
        };
        let headers = message.headers.unwrap_or_default();
        let sequence = headers
            .get(header::NATS_SEQUENCE)
            .and_then(|sequence| sequence.as_str().parse().ok());
        let sequence = sequence
            .ok_or_else(|| TransportError::unavailable("a message of a stream has no place"))?;
        Ok(Some(Last {
            sequence,
            session: String::from_utf8_lossy(&message.payload).into_owned(),
        }))
    }

    /// Publishes on top of exactly this message; none where that is no longer the last.
    async fn put(&self, text: &str, on_top_of: u64) -> Result<Option<Had>, TransportError> {
        self.link.is_up()?;
        let context = self.link.publishing(self.lease / TOLD_PER_LEASE);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
            on_top_of.to_string(),
        );
        let payload = text.to_owned().into();
        let sent = context.publish_with_headers(self.subject.clone(), headers, payload);
        let stored = match sent.await {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(stored) => Ok(Some(Had(stored.sequence))),
            Err(error)
                if error.kind()
                    == async_nats::jetstream::context::PublishErrorKind::WrongLastSequence =>
            {
                Ok(None)
            }
            Err(error) => Err(TransportError::unavailable(error)),
        }
    }
}
