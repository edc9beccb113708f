use futures::future::BoxFuture;
use seaworthy_service::{Component, Stage};
use tokio::sync::watch;

/// Ends open `Watch` calls when the listeners close. Otherwise a drain would wait for them forever.
pub(crate) struct Listening(pub(super) watch::Sender<bool>);

impl Component for Listening {
    fn name(&self) -> &str {
        "grpc-health"
    }

    fn stage(&self) -> Stage {
        Stage::Listener
    }

    fn request_stop(&self) {
        self.0.send_replace(true);
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn unfinished_work(&self) -> Vec<String> {
        Vec::new()
    }

    fn abort(&self) {}
}
