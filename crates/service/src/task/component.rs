use futures::future::BoxFuture;

use super::tasks::Tasks;
use crate::component::{Component, Stage};

impl Component for Tasks {
    fn name(&self) -> &str {
        "task"
    }

    fn stage(&self) -> Stage {
        Stage::Worker
    }

    fn request_stop(&self) {
        self.begin_stop();
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.all_stopped())
    }

    fn unfinished_work(&self) -> Vec<String> {
        self.names()
    }

    fn abort(&self) {
        self.abort_all();
    }
}
