use std::sync::Arc;

use seaworthy_data::{Database, DatabaseLeases, LEASE_MIGRATIONS, Migrator};
use seaworthy_service::lease::conformance;

use crate::server::Server;

pub(crate) async fn one_holder_at_a_time_with_a_token_that_grows_work_2(server: Server) {
    let database = Database::builder("test", server.config())
        .open()
        .await
        .unwrap();
    Migrator::new(&database, &[LEASE_MIGRATIONS])
        .up(false)
        .await
        .unwrap();
    let leases = Arc::new(DatabaseLeases::new(database));
    conformance::check(leases).await.unwrap();
}
