use futures::future::BoxFuture;
use seaworthy_messaging::{Envelope, PublishError, Publisher};

/// Where a relay publishes to: a [`Publisher`], usually.
pub trait RelayTarget: Send + Sync + 'static {
    /// Publishes in the order given, and answers for each once the broker has confirmed it. After a
    /// message that failed and may be published later none of its key is published: those are
    /// [`PublishError::Deferred`].
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>>;
}

impl RelayTarget for Publisher {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(self.publish_all(batch))
    }
}
