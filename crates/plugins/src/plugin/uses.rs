use tokio::sync::watch;

/// A counter of the users of a version of a plugin: tables of hooks and handlers, or running calls.
#[derive(Debug, Default)]
pub(crate) struct Uses(watch::Sender<()>);

/// One use. It ends when this value and its clones are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    _counted: watch::Receiver<()>,
}

impl Uses {
    pub(crate) fn begin(&self) -> Use {
        Use {
            _counted: self.0.subscribe(),
        }
    }

    /// Completes when there are no uses.
    pub(crate) async fn ended(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn last_use_ends_the_wait_plug_1() {
        let uses = Uses::default();
        uses.ended().await;
        let (first, second) = (uses.begin(), uses.begin());
        let copy = second.clone();
        drop((first, second));
        let mut ended = Box::pin(uses.ended());
        assert!(ended.as_mut().now_or_never().is_none());
        drop(copy);
        ended.await;
    }
}
