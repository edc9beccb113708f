//! Records how often each message was returned.
//!
//! JetStream counts each delivery and cannot undo the count. So a session records each message that
//! it returns, as a small message under its own subject. The session that receives the message
//! again subtracts the recorded returns. The acknowledgement of a message removes its record.
//! Otherwise the record expires.

use futures::future::join_all;
use serde::Deserialize;
use serde_json::json;

use super::{broker::Inner, hold::Held, names::Names};
use crate::{GroupName, Topic, transport::TransportError};

/// The server's answer to a purge.
#[derive(Debug, Deserialize)]
struct Purged {}

/// Reads, writes and removes the records of one group.
pub(super) struct Returns {
    group: GroupName,
    topics: Vec<Topic>,
}

impl Returns {
    pub(super) fn new(group: GroupName, topics: Vec<Topic>) -> Self {
        Self { group, topics }
    }

    fn subject(&self, broker: &Inner, place: (usize, u64)) -> Option<String> {
        let (topic, sequence) = (self.topics.get(place.0)?, place.1);
        Some(broker.names.returned(topic, &self.group, sequence))
    }

    /// How often the group returned the message at a position.
    pub(super) async fn read(
        &self,
        broker: &Inner,
        place: (usize, u64),
    ) -> Result<u64, TransportError> {
        let Some(subject) = self.subject(broker, place) else {
            return Ok(0);
        };
        let body = json!({"last_by_subj": subject});
        let found = broker.link.find(broker.names.returns(), &body).await?;
        let count = found.and_then(|found| std::str::from_utf8(&found.payload).ok()?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    /// Records the return of these messages. Without its record a returned message counts as
    /// delivered.
    pub(super) async fn record(&self, broker: &Inner, messages: &[&Held]) {
        let recorded = messages.iter().map(|held| self.record_one(broker, held));
        for problem in join_all(recorded).await.into_iter().filter_map(Result::err) {
            tracing::debug!(group = %self.group, %problem, "a return cannot be recorded: the message counts as delivered");
        }
    }

    async fn record_one(&self, broker: &Inner, held: &Held) -> Result<(), TransportError> {
        let Some(subject) = self.subject(broker, held.place) else {
            return Ok(());
        };
        broker.link.is_up()?;
        let returned = match held.returned {
            Some(returned) => returned,
            None => self.read(broker, held.place).await?,
        };
        let payload = (returned + 1).to_string().into();
        let context = broker.link.publishing(broker.config.timeout.get());
        let sent = context.publish(subject, payload).await;
        let stored = sent.map_err(TransportError::unavailable)?.await;
        stored.map(drop).map_err(TransportError::unavailable)
    }

    /// Removes the records of these messages, which were acknowledged.
    pub(super) async fn forget(&self, broker: &Inner, messages: &[Held]) {
        let returned = messages
            .iter()
            .filter(|held| held.returned.is_none_or(|returned| returned > 0));
        let purge = format!("STREAM.PURGE.{}", broker.names.returns());
        for held in returned {
            let Some(subject) = self.subject(broker, held.place) else {
                continue;
            };
            let body = json!({"filter": subject});
            if let Err(error) = broker.link.ask::<Purged>(&purge, &body).await {
                tracing::debug!(group = %self.group, %error, "the record of a returned message cannot be removed: it expires later");
            }
        }
    }
}

/// The stream of the records. It keeps the last record of each subject for as long as a message may
/// wait.
pub(super) fn stream(names: &Names) -> serde_json::Value {
    json!({
        "name": names.returns(),
        "subjects": [names.all_returned()],
        "retention": "limits",
        "max_msgs_per_subject": 1,
        "max_age": MAX_AGE_NANOSECONDS,
    })
}

/// 30 days. Each return renews the record, so it outlives a message that is returned repeatedly.
const MAX_AGE_NANOSECONDS: u64 = 30 * 24 * 60 * 60 * 1_000_000_000;
