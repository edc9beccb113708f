use futures::future::BoxFuture;
use seaworthy_service::{Component, Stage};

use super::Hub;

/// Closes the connections of a hub when the listeners close. Otherwise the stop would wait for open
/// streams.
pub(super) struct HubComponent(pub(super) Hub);

impl Component for HubComponent {
    fn name(&self) -> &str {
        "realtime"
    }

    fn stage(&self) -> Stage {
        Stage::Listener
    }

    fn request_stop(&self) {
        self.0.drain();
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn unfinished_work(&self) -> Vec<String> {
        Vec::new()
    }

    fn abort(&self) {}
}
