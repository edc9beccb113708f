use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    fault::{Disruption, Fault, FaultProxy},
};
use serde_json::json;

use crate::app::{Replica, builder, json_of};

pub(crate) fn readiness_follows_the_database_and_liveness_does_not_hlth_2(
    database: &EmptyDatabase,
) {
    // The embedded engine has no connection that can be cut.
    let Some(server) = database.server() else {
        let replica = Replica::start(database);
        for path in ["/health/live", "/health/ready", "/health"] {
            assert_eq!(replica.send("GET", path, "").unwrap().status, 200, "{path}");
        }
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let proxy = FaultProxy::start(server).await.unwrap();
        let url = database.url_at(proxy.address());
        let replica = Replica::from(builder(&url).start().unwrap());
        let get = |path: &str| replica.send("GET", path, "").unwrap();
        let ready = json_of(&get("/health/ready"));
        assert_eq!(ready["checks"]["database"]["status"], "healthy", "{ready}");

        proxy.set(Fault::of(Disruption::Down));
        eventually(async || get("/health/ready").status == 503).await;
        let body = json_of(&get("/health/ready"));
        assert_eq!(body["status"], "unhealthy");
        for field in ["message", "timestamp", "duration"] {
            assert!(body[field].is_string(), "{field}: {body}");
        }
        assert_eq!(body["checks"]["database"]["name"], "database", "{body}");
        assert_eq!(body["checks"]["memory"]["status"], "healthy", "{body}");
        assert_eq!(get("/health").status, 503);
        // Clients see no error text and no address.
        assert!(!body.to_string().contains("127.0.0.1"), "{body}");
        let live = get("/health/live");
        assert_eq!(
            (live.status, json_of(&live)["status"].clone()),
            (200, json!("healthy"))
        );

        proxy.heal();
        eventually(async || get("/health/ready").status == 200).await;
    });
}
