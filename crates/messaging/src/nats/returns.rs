//! How often a message was given back.
//!
//! JetStream counts each delivery and cannot take one back. So a session records what it gives back,
//! one small message for each under a subject of its own, and the session that gets the message again
//! subtracts what it finds there. A record goes with the acknowledgement of its message, and else by
//! its age.

use futures::future::join_all;
use serde::Deserialize;
use serde_json::json;

use super::{broker::Inner, hold::Held, names::Names};
use crate::{GroupName, Topic, transport::TransportError};

/// What is answered to a purge.
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

    /// How often the message at a place was given back.
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

    /// Records that these go back. Without its record a message counts as delivered.
    pub(super) async fn record(&self, broker: &Inner, messages: &[&Held]) {
        let recorded = messages.iter().map(|held| self.record_one(broker, held));
        for problem in join_all(recorded).await.into_iter().filter_map(Result::err) {
            tracing::debug!(group = %self.group, %problem, "a message that goes back counts as delivered");
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

    /// Forgets these, which were acknowledged.
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
                tracing::debug!(group = %self.group, %error, "a record of a returned message goes by its age");
            }
        }
    }
}

/// The stream of the records: the last of each subject, for as long as a message may wait.
pub(super) fn stream(names: &Names) -> serde_json::Value {
    json!({
        "name": names.returns(),
        "subjects": [names.all_returned()],
        "retention": "limits",
        "max_msgs_per_subject": 1,
        "max_age": MAX_AGE_NANOSECONDS,
    })
}

/// 30 days: longer than a message waits that is given back again and again, which renews its record.
const MAX_AGE_NANOSECONDS: u64 = 30 * 24 * 60 * 60 * 1_000_000_000;
