use std::sync::Arc;

use crate::{
    DeadLetter, DeadLetterId, Topic,
    transport::{Transport, TransportError},
};

/// The messages of a broker that no consumer could handle.
#[derive(Clone)]
pub struct DeadLetters {
    transport: Arc<dyn Transport>,
}

impl DeadLetters {
    /// Those of an engine.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
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
}
