//! The HTTP clients of plugins.

use std::sync::OnceLock;

use seaworthy_testkit::eventually;

use crate::app::{Setup, granted_http};

/// Returns settings that permit a number of concurrent requests.
fn settings(max_concurrent_calls: u32) -> String {
    format!(
        "clients: {{ plugins: {{ policies: {{ bulkhead: {{ max_concurrent_calls: {max_concurrent_calls} }} }} }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_changes_the_policies_of_clients_conf_4() {
    let resilience = OnceLock::new();
    let app = Setup::new()
        .service_settings(&settings(1))
        .config(|config| {
            for plugin in ["prices", "rates"] {
                config.grants.insert(plugin.to_owned(), granted_http());
            }
        })
        .start_with(|service, _| drop(resilience.set(service.resilience().clone())))
        .await
        .unwrap();
    let resilience = resilience.get().unwrap();
    let policies = ["plugins/prices", "plugins/rates"].map(|name| resilience.find(name).unwrap());
    let acquire = |plugin: usize| policies[plugin].bulkhead().try_acquire();
    let first = acquire(0).unwrap();
    assert!(acquire(0).is_none());
    // The plugins share the settings, and not the bulkhead.
    let second = acquire(1).unwrap();
    app.reload_settings(&settings(2));
    eventually(async || acquire(0).is_some() && acquire(1).is_some()).await;
    drop((first, second));
}
