use futures::future::BoxFuture;
use seaworthy_messaging::{Envelope, PublishError, Publisher};

/// A destination of relays, usually a [`Publisher`].
pub trait RelayTarget: Send + Sync + 'static {
    /// Publishes messages in their order, and returns a result for each after the broker has
    /// confirmed it. After a transient failure, later messages of its key are
    /// not published: they are [`PublishError::Deferred`].
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>>;
}

impl RelayTarget for Publisher {
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(self.publish_all(batch))
    }
}
