//! Records how often each message was returned.
//!
//! JetStream counts each delivery and cannot undo the count. So a session records each message that
//! it returns, as a small message under its own subject. The session that receives the message
//! again subtracts the recorded returns. The acknowledgement of a message removes its record.
//! Otherwise the record expires.
//!
//! Without the permissions for these records, each returned message counts as delivered.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    broker::Inner,
    connection::{BrokerConnection, RequestError},
    in_flight::UnsettledMessage,
    names::Names,
    topology::Topology,
};
use crate::{GroupName, Topic, transport::TransportError};

/// The reply of the server to a purge.
#[derive(Debug, Deserialize)]
struct Purged {}

/// Whether this process records returns. It stops at the first rejection, for all groups.
#[derive(Debug, Default)]
pub(super) struct Recording {
    is_rejected: AtomicBool,
}

impl Recording {
    fn is_rejected(&self) -> bool {
        self.is_rejected.load(Ordering::Relaxed)
    }

    /// Stops the recording and logs one warning.
    fn reject(&self, problem: &dyn std::fmt::Display) {
        if !self.is_rejected.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %problem,
                "returned messages count as delivered, because their returns cannot be recorded"
            );
        }
    }

    /// Creates the stream of the records.
    ///
    /// # Errors
    /// The server is unavailable. A rejection is not an error.
    pub(super) async fn prepare(
        &self,
        connection: &BrokerConnection,
        topology: &Topology,
    ) -> Result<(), TransportError> {
        if self.is_rejected() {
            return Ok(());
        }
        match topology.create_returns(connection).await {
            Err(TransportError::Rejected(problem)) => {
                self.reject(&problem);
                Ok(())
            }
            created => created,
        }
    }
}

/// Reads, writes and removes the records of one group.
pub(super) struct RedeliveryCounts {
    group: GroupName,
    topics: Vec<Topic>,
}

impl RedeliveryCounts {
    pub(super) fn new(group: GroupName, topics: Vec<Topic>) -> Self {
        Self { group, topics }
    }

    fn subject(&self, broker: &Inner, position: (usize, u64)) -> Option<String> {
        if broker.recording.is_rejected() {
            return None;
        }
        let (topic, sequence) = (self.topics.get(position.0)?, position.1);
        Some(broker.names.returned(topic, &self.group, sequence))
    }

    /// Returns how often the group returned the message at a position, 0 without permission.
    pub(super) async fn read(
        &self,
        broker: &Inner,
        position: (usize, u64),
    ) -> Result<u64, TransportError> {
        let Some(subject) = self.subject(broker, position) else {
            return Ok(0);
        };
        let body = json!({"last_by_subj": subject});
        let found = match broker.connection.find(broker.names.returns(), &body).await {
            Err(error @ RequestError::Forbidden(_)) => {
                broker.recording.reject(&error);
                None
            }
            found => found?,
        };
        let count = found.and_then(|found| std::str::from_utf8(&found.payload).ok()?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    /// Records the return of these messages. Without its record a returned message counts as
    /// delivered.
    pub(super) async fn record(&self, broker: &Inner, messages: &[&UnsettledMessage]) {
        let recorded = messages.iter().map(|held| self.record_one(broker, held));
        for error in join_all(recorded).await.into_iter().filter_map(Result::err) {
            self.handle_error(broker, &error);
        }
    }

    async fn record_one(
        &self,
        broker: &Inner,
        held: &UnsettledMessage,
    ) -> Result<(), RequestError> {
        let returned = match held.returned {
            Some(returned) => returned,
            None => self
                .read(broker, held.position)
                .await
                .map_err(|error| RequestError::Unavailable(error.to_string()))?,
        };
        let Some(subject) = self.subject(broker, held.position) else {
            return Ok(());
        };
        let count = Value::String((returned + 1).to_string());
        broker.connection.store(subject, &count).await
    }

    /// Removes the records of these messages, which were acknowledged.
    pub(super) async fn remove(&self, broker: &Inner, messages: &[UnsettledMessage]) {
        let returned = messages
            .iter()
            .filter(|held| held.returned.is_none_or(|returned| returned > 0));
        let purge = format!("STREAM.PURGE.{}", broker.names.returns());
        for held in returned {
            let Some(subject) = self.subject(broker, held.position) else {
                continue;
            };
            let body = json!({"filter": subject});
            if let Err(error) = broker.connection.call::<Purged>(&purge, &body).await {
                self.handle_error(broker, &error);
            }
        }
    }

    /// A record that is not written or not removed is wrong for one message, until it expires.
    fn handle_error(&self, broker: &Inner, error: &RequestError) {
        if matches!(error, RequestError::Forbidden(_)) {
            broker.recording.reject(error);
        }
        tracing::debug!(group = %self.group, %error, "the return of a message cannot be recorded");
    }
}

/// The stream of the records. It keeps the last record of each subject for as long as a message may
/// wait.
pub(super) fn stream(names: &Names) -> Value {
    json!({
        "name": names.returns(),
        "subjects": [names.all_returned()],
        "retention": "limits",
        "max_msgs_per_subject": 1,
        "max_age": MAX_AGE_NANOSECONDS,
    })
}

/// The maximum age of a record: 30 days. Each return renews it, so the record of a message that
/// is returned repeatedly does not expire.
const MAX_AGE_NANOSECONDS: u64 = 30 * 24 * 60 * 60 * 1_000_000_000;
