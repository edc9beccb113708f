//! A service with a database stops in order and at once.

use seaworthy_config::Loader;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{NoSettings, Service, StopOutcome};

#[tokio::test]
async fn database_does_not_delay_stop_life_4() {
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let config = DatabaseConfig::from_url("sqlite::memory:".parse().unwrap());
            // A clone of the database outlives the stop.
            std::mem::forget(Database::connect(service, "database", &config, &[]).await?);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(running.stop().await, StopOutcome::Clean);
}
