//! Dead letters of topics that no subscription declares.
//!
//! A queue with a wide binding gets messages of any topic. Their dead letters need a queue as well,
//! which is declared before the first of them is published.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use super::{config::RabbitmqConfig, connection::BrokerConnection, dead_letters, topology};
use crate::{Envelope, InvalidName, Topic, transport::TransportError};

/// Publishers of other systems choose the names of these queues, so a process declares at most this
/// many. The dead letters of further topics share one queue.
const MAX_QUEUES: usize = 100;
/// The topic whose dead-letter queue the dead letters of further topics share.
const SHARED_TOPIC: &str = "unplanned";
/// The header that names the topic of a dead letter in the shared queue.
const TOPIC_HEADER: &str = "x-unplanned-topic";
/// The AMQP reply code of a normal close.
const REPLY_SUCCESS: u16 = 200;

/// Declares queues for dead letters of topics that no subscription declares.
#[derive(Debug, Default)]
pub(super) struct UndeclaredQueues(Mutex<BTreeSet<Topic>>);

impl UndeclaredQueues {
    /// Declares the queue for a dead letter if it does not exist. Returns the dead letter as it
    /// must be published.
    ///
    /// # Errors
    /// [`TransportError`] if the broker does not declare the queue.
    pub(super) async fn prepare(
        &self,
        connection: &BrokerConnection,
        config: &RabbitmqConfig,
        letter: &Envelope,
    ) -> Result<Envelope, TransportError> {
        if connection.stores.lock().contains(letter.topic()) {
            return Ok(letter.clone());
        }
        if dead_letters::exists(connection, letter.topic()).await? {
            connection.stores.lock().insert(letter.topic().clone());
            return Ok(letter.clone());
        }
        let letter = self.addressed(letter).map_err(TransportError::rejected)?;
        // A rejected declaration closes its channel, which must not be the publishing one.
        let channel = connection.new_channel().await?;
        topology::dead_letter_store(&channel, config, letter.topic()).await?;
        if let Err(error) = channel.close(REPLY_SUCCESS, "declared".into()).await {
            tracing::debug!(%error, "closing the channel of a declaration failed");
        }
        connection.stores.lock().insert(letter.topic().clone());
        Ok(letter)
    }

    /// Returns the dead letter. It has the shared topic if the process has declared the maximum
    /// number of queues.
    fn addressed(&self, letter: &Envelope) -> Result<Envelope, InvalidName> {
        let mut declared = self.0.lock();
        if declared.contains(letter.topic()) {
            return Ok(letter.clone());
        }
        if declared.len() < MAX_QUEUES {
            declared.insert(letter.topic().clone());
            return Ok(letter.clone());
        }
        drop(declared);
        let topic = letter.topic().of_dead_letters();
        let topic = topic.as_ref().unwrap_or(letter.topic());
        Ok(letter
            .clone()
            .with_header(TOPIC_HEADER, topic.as_str())
            .with_topic(Topic::new(SHARED_TOPIC)?.dead_letters()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(topic: &str) -> Envelope {
        let topic = Topic::new(topic).unwrap().dead_letters();
        Envelope::new(topic, "kind", "source", "payload")
    }

    #[test]
    fn dead_letters_share_one_queue_beyond_bound_msg_3() {
        let queues = UndeclaredQueues::default();
        for number in 0..MAX_QUEUES {
            let own = letter(&format!("topic.{number}"));
            assert_eq!(queues.addressed(&own).unwrap(), own);
        }
        let shared = queues.addressed(&letter("further")).unwrap();
        assert_eq!(shared.topic().as_str(), "unplanned.dlq");
        assert_eq!(shared.header(TOPIC_HEADER), Some("further"));
        let known = letter("topic.0");
        assert_eq!(queues.addressed(&known).unwrap(), known);
    }
}
