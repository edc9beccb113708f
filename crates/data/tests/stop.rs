//! A service with a database stops in order and at once.

use seaworthy_config::{Environment, Loader};
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{NoSettings, Service, StopOutcome};

#[tokio::test]
async fn database_does_not_delay_stop_life_4() {
    let loader = Loader::new("orders")
        .environment(Environment::default())
        .overrides([
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
        ]);
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(loader, async |service| {
            let config = DatabaseConfig::at("sqlite::memory:".parse().unwrap());
            // A clone of the database outlives the stop.
            std::mem::forget(Database::connect(service, "database", &config, &[]).await?);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(running.stop().await, StopOutcome::Clean);
}
