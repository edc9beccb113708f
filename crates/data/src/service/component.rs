use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_service::{Component, Stage};

use crate::{Database, pool::Pool};

/// Closes the connections after every component that uses them has stopped.
pub(super) struct DatabaseComponent(pub(super) Database);

impl DatabaseComponent {
    fn pools(&self) -> Vec<Pool> {
        let inner = &*self.0.0;
        let leases = inner.leases.get().map(|leases| &leases.0.pool);
        let shared = [&inner.pool]
            .into_iter()
            .chain(inner.replicas.pools())
            .chain(leases);
        shared.chain(&*inner.own_pools.lock()).cloned().collect()
    }
}

impl Component for DatabaseComponent {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn stage(&self) -> Stage {
        Stage::Pool
    }

    fn request_stop(&self) {
        self.pools().iter().for_each(Pool::request_close);
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        async {
            for pool in self.pools() {
                pool.closed().await;
            }
        }
        .boxed()
    }

    fn unfinished_work(&self) -> Vec<String> {
        let in_use: i64 = self.pools().iter().map(Pool::in_use).sum();
        if in_use > 0 {
            vec![format!("{in_use} connections are in use")]
        } else {
            Vec::new()
        }
    }

    fn abort(&self) {
        self.pools().iter().for_each(Pool::close_idle);
    }
}
