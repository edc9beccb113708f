use std::{
    os::unix::process::ExitStatusExt as _,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::trial::Trial;

/// The time after which another process has published the events of a killed one.
const TAKEOVER: Duration = Duration::from_secs(5);

/// A process is killed after it claimed an event, with the default settings of relays.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_killed_process_are_published_within_5_s_msg_4() {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let trial = Trial {
        database: url("trial.db"),
        broker: url("broker.db"),
    };
    let killed = trial.start_with_defaults(1, &["dies=after_claim".to_owned()]);
    let ended = killed.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(Signal::KILL.as_raw()));
    let mut successor = trial.start_with_defaults(1, &[]);
    successor.line("\"message\":\"ready\"").unwrap();
    let ready = Instant::now();
    trial.has_effects(1).await;
    let elapsed = ready.elapsed();
    assert!(elapsed < TAKEOVER, "{elapsed:?}");
    trial.is_whole(successor, 1).await;
}
