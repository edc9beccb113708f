use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_nats::{HeaderMap, header};
use futures::StreamExt as _;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{self, Instant};

use super::{
    connection::{BrokerConnection, ConnectionLoss, connection_lost_error},
    names::Names,
};
use crate::{GroupName, transport::TransportError};

/// How often a holder renews the lease within its duration.
const RENEWALS_PER_LEASE: u32 = 3;

/// Sessions of this process that ended with the lease. Other sessions of the process need not wait
/// for its expiry.
pub(super) type EndedSessions = Arc<Mutex<BTreeSet<String>>>;

/// The lease of the active member of an ordered group. The last message of its subject names the
/// holder. A session acquires the lease by publishing with the expected sequence of exactly that
/// message. Clocks are not compared: a session takes the lease over after it has seen no renewal
/// for one and a half leases.
pub(super) struct GroupLease {
    connection: BrokerConnection,
    stream: String,
    subject: String,
    session: String,
    lease: Duration,
    ended: EndedSessions,
}

/// The sequence of the message with which the lease was acquired or renewed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Acquired(u64);

/// The last message of the subject.
struct Last {
    sequence: u64,
    /// Empty if the lease is free.
    session: String,
}

impl GroupLease {
    pub(super) fn new(
        connection: BrokerConnection,
        names: &Names,
        group: &GroupName,
        lease: Duration,
        ended: EndedSessions,
    ) -> Self {
        Self {
            connection,
            stream: names.leases().to_owned(),
            subject: names.lease(group),
            session: seaworthy_core::new_id().hyphenated().to_string(),
            lease,
            ended,
        }
    }

    /// Marks the session as ended. It may still have the lease.
    pub(super) fn mark_ended(&self) {
        self.ended.lock().insert(self.session.clone());
    }

    fn is_free(&self, last: &Last) -> bool {
        last.session.is_empty() || self.ended.lock().contains(&last.session)
    }

    /// Waits for the lease and acquires it.
    pub(super) async fn acquire(
        &self,
        loss: &mut ConnectionLoss,
    ) -> Result<Acquired, TransportError> {
        let subscribed = self.connection.client.subscribe(self.subject.clone()).await;
        let mut changes = subscribed.map_err(TransportError::unavailable)?;
        let expiry = self.lease * 3 / 2;
        let mut seen: Option<(u64, Instant)> = None;
        loop {
            let last = self.last().await?;
            let expected = match &last {
                None => Some(0),
                Some(last) if self.is_free(last) => Some(last.sequence),
                Some(last) => match seen {
                    Some((sequence, since)) if sequence == last.sequence => {
                        (since.elapsed() >= expiry).then_some(sequence)
                    }
                    _ => {
                        seen = Some((last.sequence, Instant::now()));
                        None
                    }
                },
            };
            if let Some(sequence) = expected
                && let Some(acquired) = self.put(&self.session, sequence).await?
            {
                if let Some(last) = last {
                    self.ended.lock().remove(&last.session);
                }
                return Ok(acquired);
            }
            let until = match seen {
                Some((_, since)) if expected.is_none() => since + expiry,
                // Another session was faster.
                _ => Instant::now(),
            };
            tokio::select! {
                _ = changes.next() => {}
                () = time::sleep_until(until) => {}
                () = loss.wait() => return Err(connection_lost_error()),
            }
        }
    }

    /// Renews the lease until another session has it. Releases it when `is_needed` returns `false`.
    pub(super) async fn renew(
        &self,
        mut acquired: Acquired,
        is_needed: impl Fn(Acquired) -> bool,
    ) -> Result<(), TransportError> {
        loop {
            time::sleep(self.lease / RENEWALS_PER_LEASE).await;
            match self.put(&self.session, acquired.0).await {
                Ok(Some(now)) => {
                    acquired = now;
                    if !is_needed(acquired) {
                        return self.release(acquired).await;
                    }
                }
                Ok(None) => {
                    let text = "another member of the ordered group has the lease";
                    return Err(TransportError::unavailable(text));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Releases the lease.
    pub(super) async fn release(&self, acquired: Acquired) -> Result<(), TransportError> {
        self.put("", acquired.0).await.map(drop)
    }

    async fn last(&self) -> Result<Option<Last>, TransportError> {
        let body = json!({"last_by_subj": self.subject});
        let Some(message) = self.connection.find(&self.stream, &body).await? else {
            return Ok(None);
        };
        let headers = message.headers.unwrap_or_default();
        let sequence = headers
            .get(header::NATS_SEQUENCE)
            .and_then(|sequence| sequence.as_str().parse().ok());
        let sequence = sequence
            .ok_or_else(|| TransportError::unavailable("a message of a stream has no sequence"))?;
        Ok(Some(Last {
            sequence,
            session: String::from_utf8_lossy(&message.payload).into_owned(),
        }))
    }

    /// Publishes if this sequence is the last one. Returns `None` if it is not.
    async fn put(&self, text: &str, expected: u64) -> Result<Option<Acquired>, TransportError> {
        self.connection.is_up()?;
        let context = self.connection.publishing(self.lease / RENEWALS_PER_LEASE);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
            expected.to_string(),
        );
        let payload = text.to_owned().into();
        let sent = context.publish_with_headers(self.subject.clone(), headers, payload);
        let stored = match sent.await {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(stored) => Ok(Some(Acquired(stored.sequence))),
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
