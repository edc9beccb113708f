//! Guests that run endlessly.

use std::{
    thread,
    time::{Duration, Instant},
};

use seaworthy_plugins::{HookCall, HookPoint};
use tokio::task::JoinHandle;

use super::{HOOK, TIMEOUT, attack_with};
use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::respond,
};

/// The problem of a call of a plugin that used its share.
const THROTTLED: &str = "exceeded its CPU share";
/// The problem of a call that waits for an earlier one until its timeout.
const BUSY: &str = "too many calls of this plugin run at the same time";
/// The problem of a call that ends at its deadline.
const LATE: &str = "exceeded its timeout of 50ms";
/// The deadline of the calls that end with [`LATE`].
const DEADLINE: Duration = Duration::from_millis(50);

/// Endless guests. The engine does not interrupt a bulk instruction, so its loops must also end.
const ENDLESS: [&str; 5] = [
    "(loop $l (br $l)) unreachable",
    "(loop $l (drop (call $nothing)) (br $l)) unreachable",
    "(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l)) unreachable",
    "(loop $l (memory.copy (i32.const 0) (i32.const 8) (i32.const 60000)) (br $l)) unreachable",
    "(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 6000)) (br $l)) unreachable",
];
/// As [`ENDLESS`], with 49 MiB of the 50 MiB that a call may have. One instruction would take
/// milliseconds, so the service splits it.
const ENDLESS_BULK: [&str; 2] = [
    "(drop (memory.grow (i32.const 784))) (loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 51380224)) (br $l)) unreachable",
    "(drop (memory.grow (i32.const 784))) (loop $l (memory.copy (i32.const 0) (i32.const 65536) (i32.const 51380224)) (br $l)) unreachable",
];
/// Responses that never end.
const STALLED: [&str; 2] = ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"];

/// Returns a guest with a body of [`ENDLESS`] or [`ENDLESS_BULK`].
fn endless(body: &str) -> Guest {
    Guest::hook(body)
        .with_functions("(func $nothing (result i32) (i32.const 1)) (table $t 6000 funcref)")
}

/// Starts a service with a guest that requests a URL, and whose deadline is [`DEADLINE`].
async fn start_requesting(url: &str) -> TestApp {
    let more = format!("capabilities = [\"http\"]\n{}", HOOK.replace("10s", "50ms"));
    Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("evil".to_owned(), granted_http());
        })
        // Otherwise the circuit breaker rejects requests after the first ones.
        .set("clients.plugins.policies.breaker.mode=off")
        .plugin("evil", &more, &Guest::requesting(url, "(i32.const 16)"))
        .start()
        .await
        .unwrap()
}

/// Calls a hostile guest until 100 calls ran. Asserts that each one returns within 5 ms after its
/// deadline.
async fn assert_ends_in_time(app: &TestApp, what: &str) {
    let mut late = Vec::new();
    while late.len() < 100 {
        app.plugins.enable("evil").unwrap();
        tokio::time::sleep(DEADLINE).await;
        let begun = Instant::now();
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let problem = call.await.unwrap().failed.remove(0).1;
        if problem != THROTTLED {
            assert!(
                [LATE, BUSY].contains(&problem.as_str()),
                "{what}: {problem}"
            );
            late.push(begun.elapsed().saturating_sub(DEADLINE));
        }
    }
    let latest = late.iter().max().unwrap();
    assert!(*latest <= Duration::from_millis(5), "{what}: {late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guests_end_at_their_timeout_plug_2() {
    for body in ENDLESS.into_iter().chain(ENDLESS_BULK) {
        let problem = attack_with(&HOOK.replace("10s", "50ms"), &endless(body)).await;
        assert_eq!(problem, LATE, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_release_of_a_result_ends_at_its_timeout_plug_2() {
    // The engine calls this export after it read the result of the hook.
    let release = r#"(func (export "cabi_post_seaworthy:plugin/hooks@0.1.0#run") (param i32)
        (loop $l (br $l)))"#;
    let guest = Guest::quiet().with_functions(release);
    let problem = attack_with(&HOOK.replace("10s", "50ms"), &guest).await;
    assert_eq!(problem, LATE);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_host_calls_end_at_their_timeout_plug_2() {
    for response in STALLED {
        let (url, _requests) = respond(response);
        let app = start_requesting(&url).await;
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let failed = call.await.unwrap().failed;
        assert_eq!(failed[0].1, LATE, "{response:?}");
        assert_eq!(app.orders().0, 200, "the service continues");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timeouts_of_points_apply_without_settings_plug_2() {
    for (point, timeout) in [("before_request", "50ms"), ("before_auth", "50ms")] {
        let hook = format!("[[hooks]]\nname = \"attack\"\npoint = \"{point}\"\n");
        let app = Setup::new()
            .plugin("evil", &hook, &Guest::hook("(loop $l (br $l)) unreachable"))
            .start()
            .await
            .unwrap();
        let point = HookPoint::ALL
            .into_iter()
            .find(|known| known.as_str() == point);
        let call = app.plugins.run_hooks(point.unwrap(), HookCall::new());
        let problem = &call.await.unwrap().failed[0].1;
        assert_eq!(*problem, format!("exceeded its timeout of {timeout}"));
    }
    let endless = Guest::deciding("(loop $l (br $l)) unreachable");
    let app = Setup::new()
        .plugin("rules", "", &endless)
        .start()
        .await
        .unwrap();
    let decision = app
        .plugins
        .decide("u-7", "read", "order", serde_json::Map::new());
    let failed = decision.await.unwrap_err();
    let problem = seaworthy_core::error_chain(&failed).to_string();
    assert!(
        problem.ends_with("plugin rules: exceeded its timeout of 50ms"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_plugin_is_reported_plug_2() {
    let hook = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\n";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(1))
        .plugin("evil", hook, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let call = || app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let info = || app.plugins.get("evil").unwrap();
    assert!(!info().throttled);
    call().await.unwrap();
    let failed = info();
    let problem = "exceeded the CPU time of 100ms";
    assert_eq!(failed.error_msg.as_deref(), Some(problem));
    assert!(failed.error_time.is_some());
    assert_eq!((failed.throttled, failed.cpu_share_left_ms), (false, 0));
    assert_eq!(call().await.unwrap().failed[0].1, THROTTLED);
    assert!(info().throttled);
    let degraded = (200, "degraded".to_owned());
    seaworthy_testkit::eventually(async || app.readiness() == degraded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guest_ends_with_its_cpu_time_plug_2() {
    // 1 % of ten seconds are 100 ms, and the timeout of the point is 30 s.
    let hook = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\n";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(1))
        .plugin("evil", hook, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let call = || app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let problem = &call().await.unwrap().failed[0].1;
    assert_eq!(problem, "exceeded the CPU time of 100ms");
    let problem = &call().await.unwrap().failed[0].1;
    assert_eq!(problem, THROTTLED);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guests_do_not_delay_other_plugins_plug_2() {
    let hook = |point: &str, timeout: &str| {
        format!("[[hooks]]\nname = \"hook\"\npoint = \"{point}\"\ntimeout = \"{timeout}\"\n")
    };
    let (url, mut running) = respond("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    let endless = Guest::requesting(&url, "(loop $l (br $l)) unreachable");
    let more = format!("capabilities = [\"http\"]\n{}", hook("before_data", "2m"));
    let app = Setup::new()
        .config(|config| {
            // A loop ends after three seconds of CPU time, independent of other processes.
            config.security.max_cpu_percent = Some(30);
            let grant = granted_http();
            config.grants.insert("evil".to_owned(), grant);
        })
        .plugin("evil", &more, &endless)
        .settings("evil", "timeout: 2m\n")
        .plugin(
            "good",
            &hook("before_biz", "30s"),
            &Guest::setting("seen", "1"),
        )
        .start()
        .await
        .unwrap();
    let cores = thread::available_parallelism().unwrap().get();
    let attacks = (0..cores * 4).map(|_| {
        let plugins = app.plugins.clone();
        tokio::spawn(async move {
            plugins
                .run_hooks(HookPoint::BeforeData, HookCall::new())
                .await
        })
    });
    let attacks: Vec<_> = attacks.collect();
    // One call for each core loops, and the others wait.
    for _ in 0..cores {
        running.recv().await.unwrap();
    }
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let report = call.await.unwrap();
    assert!(!attacks.iter().any(JoinHandle::is_finished));
    assert!(running.try_recv().is_err(), "more calls ran");
    assert_eq!(report.call.value("seen"), Some(&1.into()), "{report:?}");
    let mut looped = 0;
    for attack in attacks {
        let problem = attack.await.unwrap().unwrap().failed.remove(0).1;
        let is_loop = problem == "exceeded the CPU time of 3s";
        looped += usize::from(is_loop);
        assert!(is_loop || problem == THROTTLED, "{problem}");
    }
    // On a busy machine the loops take so long that the plugin earns the share of another one.
    assert!(looped >= cores, "{looped} loops");
}

/// Measures time. Run it with
/// `cargo test --profile dist -p seaworthy-plugins --features fuzz --test plugins -- --ignored within`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an otherwise idle machine"]
async fn endless_guests_end_within_five_milliseconds_plug_2() {
    for body in ENDLESS.iter().chain(&ENDLESS_BULK) {
        let app = Setup::new()
            .config(|config| config.security.max_cpu_percent = Some(100))
            .plugin("evil", &HOOK.replace("10s", "50ms"), &endless(body))
            .start()
            .await
            .unwrap();
        assert_ends_in_time(&app, body).await;
    }
}

/// Measures time, as `endless_guests_end_within_five_milliseconds_plug_2` does.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an otherwise idle machine"]
async fn stalled_host_calls_end_within_five_milliseconds_plug_2() {
    for response in STALLED {
        let (url, _requests) = respond(response);
        assert_ends_in_time(&start_requesting(&url).await, response).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guest_is_stopped_every_time_plug_2() {
    let hook = HOOK.replace("10s", "5ms");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("evil", &hook, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let mut timeouts = Vec::new();
    let begun = Instant::now();
    while timeouts.len() < 100 {
        assert!(begun.elapsed() < TIMEOUT * 3);
        app.plugins.enable("evil").unwrap();
        let called = Instant::now();
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let problem = &call.await.unwrap().failed[0].1;
        match problem == "exceeded its timeout of 5ms" {
            true => timeouts.push(called.elapsed()),
            // A loaded machine uses more than the share, or ends the earlier guests late.
            false => {
                let others = [THROTTLED, BUSY];
                assert!(others.contains(&problem.as_str()), "{problem}");
            }
        }
    }
    // A concurrent test delays some calls, but fewer than half of them.
    timeouts.sort_unstable();
    assert!(timeouts[50] < Duration::from_millis(250), "{timeouts:?}");
    assert!(timeouts[99] < Duration::from_secs(5), "{timeouts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_continue_beside_a_guest_on_a_worker_plug_2() {
    // If the guest blocked the runtime, only requests before its start and at its end would be
    // answered. A busy machine delays the guest at least as much as the requests, which need less
    // CPU time.
    const BLOCKED: u32 = 5;
    // The parameter is the number of values.
    let body = "(if (i32.eqz (local.get 10)) (then (return (i32.const 16))))
        (loop $l (br $l)) unreachable";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(20))
        .plugin("evil", &HOOK.replace("10s", "2m"), &Guest::hook(body))
        .settings("evil", "timeout: 2m\n")
        .start()
        .await
        .unwrap();
    // After a brief call the next one runs on a worker, and occupies it for two seconds of CPU
    // time.
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    assert_eq!(call.await.unwrap().failed, []);
    let plugins = app.plugins.clone();
    let attack = tokio::spawn(async move {
        let call = HookCall::new().with_value("loops", true);
        plugins.run_hooks(HookPoint::BeforeBiz, call).await
    });
    let admin = app.service.addresses().admin;
    let mut answered = 0;
    while !attack.is_finished() {
        let live = tokio::task::block_in_place(|| seaworthy_testkit::http::get(admin, "/livez"));
        assert_eq!(live.unwrap().status, 200);
        answered += 1;
    }
    let failed = attack.await.unwrap().unwrap().failed;
    assert_eq!(failed[0].1, "exceeded the CPU time of 2s");
    assert!(answered > BLOCKED, "{answered} requests");
}
