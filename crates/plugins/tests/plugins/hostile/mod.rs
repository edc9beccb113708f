//! Guests that attack the service.

mod data;
mod faults;
mod load;
mod memory;
mod time;

use std::time::{Duration, Instant};

use seaworthy_plugins::{HookCall, HookPoint};

use crate::{app::Setup, guest::Guest};

/// The timeout is long enough for a busy machine to reach the other limits first.
const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"10s\"\n";
/// A guest that the service does not stop runs endlessly. A loaded machine needs far less time.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Calls the hook of a guest. Returns its problem.
async fn attack(guest: &Guest) -> String {
    attack_with(HOOK, guest).await
}

/// Calls the hook of a guest with this manifest. Returns its problem.
async fn attack_with(hook: &str, guest: &Guest) -> String {
    let app = Setup::new()
        .plugin("evil", hook, guest)
        .start()
        .await
        .unwrap();
    let begun = Instant::now();
    let report = app
        .plugins
        .run_hooks(
            HookPoint::BeforeBiz,
            HookCall::new().with_value("secret", "x"),
        )
        .await
        .unwrap();
    assert!(begun.elapsed() < TIMEOUT);
    assert_eq!(report.call.value("secret"), Some(&"x".into()));
    assert_eq!(app.orders().0, 200, "the service continues");
    report
        .failed
        .into_iter()
        .map(|(_, problem)| problem)
        .collect()
}
