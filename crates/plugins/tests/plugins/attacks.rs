//! Attacks on the quotas of plugins and on the service through other plugins.

use std::{num::NonZeroU32, sync::Arc, thread::available_parallelism, time::Duration};

use seaworthy_core::{Deadline, RequestContext, ServiceIdentity, context};
use seaworthy_plugins::{
    Capability, Event, EventType, FailureMode, HandlerError, HookCall, HookPoint, PluginStatus,
};
use serde_json::Map;
use tokio::time::timeout;

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
    server::hold,
};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn queued_calls_stay_within_the_share_plug_2() {
    const CALLS: usize = 20;
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(1))
        .plugin("evil", HOOK, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let calls = (0..CALLS).map(|_| {
        let plugins = app.plugins.clone();
        tokio::spawn(async move {
            let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
            call.await.unwrap().failed.remove(0).1
        })
    });
    let calls: Vec<_> = calls.collect();
    let mut ran = 0;
    for call in calls {
        ran += usize::from(call.await.unwrap() == "exceeded the CPU time of 100ms");
    }
    // The calls that run concurrently, before the first of them is charged.
    let cores = available_parallelism().unwrap().get();
    assert!(ran <= cores, "{ran} calls used ten seconds of the share");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_values_of_a_hook_do_not_reach_the_others_plug_2() {
    let hook = |priority: i32, veto: bool| {
        format!(
            "[[hooks]]\nname = \"hook\"\npoint = \"before_request\"\npriority = {priority}\nveto = {veto}\ntimeout = \"30s\"\n"
        )
    };
    // Each value is below half of the payload limit. Both together exceed it.
    let large = |name: &str| {
        let text = format!("\"{}\"", "x".repeat(300_000));
        Guest::hook("(i32.const 512)")
            .with_pages(30)
            .with_words(512, &[0, 0, 600, 1])
            .with_words(
                600,
                &[1024, u32::try_from(name.len()).unwrap(), 65_536, 300_002],
            )
            .with_text(1024, name)
            .with_text(65_536, &text)
    };
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .config(|config| config.on_failure = FailureMode::Open)
        .plugin("evil-one", &hook(1, false), &large("one"))
        .plugin("evil-two", &hook(2, false), &large("two"))
        .plugin(
            "guard",
            &hook(3, true),
            &Guest::rejecting(403, "blocked").with_pages(40),
        )
        .start()
        .await
        .unwrap();
    assert_eq!(app.rejection_text(), "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_share_the_payload_of_a_call_plug_2() {
    // 500 lines of 4 KiB are twice the payload limit, and within the limit of calls to the host.
    let body = "(local $n i32)
        (loop $l
          (call $write (i32.const 0) (i32.const 0) (i32.const 4096))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $n) (i32.const 500))))
        (i32.const 16)";
    let guest = Guest::hook(body).import("log", "write", "(param i32 i32 i32)");
    let more = format!("capabilities = [\"log\"]\n{HOOK}");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .grant("evil", &[Capability::Log])
        .plugin("evil", &more, &guest)
        .start()
        .await
        .unwrap();
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let failed = call.await.unwrap().failed;
    let problem = "exceeded the payload limit of 1048576 bytes".to_owned();
    assert_eq!(failed, [("evil/attack".to_owned(), problem)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn noisy_plugin_uses_its_own_budget_for_lines_plug_2() {
    const LINES: u64 = 200;
    let logging = |lines: u64| {
        let body = format!(
            "(local $n i32)
             (loop $l
               (call $write (i32.const 1) (i32.const 1024) (i32.const 4))
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $l (i32.lt_u (local.get $n) (i32.const {lines}))))
             (i32.const 16)"
        );
        let guest = Guest::hook(&body).import("log", "write", "(param i32 i32 i32)");
        guest.with_text(1024, "line")
    };
    let more = format!("capabilities = [\"log\"]\n{HOOK}timeout = \"30s\"\n");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .config(|config| config.security.max_log_lines_per_second = 1)
        .grant("noisy", &[Capability::Log])
        .grant("quiet", &[Capability::Log])
        .plugin("noisy", &more, &logging(LINES))
        .plugin("quiet", &more, &logging(1))
        .start()
        .await
        .unwrap();
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    assert_eq!(call.await.unwrap().failed, []);
    let dropped = |plugin: &str| {
        app.metric(&format!(
            "plugin_log_lines_dropped_total{{plugin=\"{plugin}\"}}"
        ))
    };
    // A loaded machine may need some seconds for the lines.
    assert!(dropped("noisy") >= LINES / 2, "{}", dropped("noisy"));
    assert_eq!(dropped("quiet"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_names_of_a_caller_do_not_disable_plugins_plug_2() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("rules", "", &Guest::denying("no"))
        .start()
        .await
        .unwrap();
    let large = "x".repeat(2 * 1024 * 1024);
    for _ in 0..6 {
        let decision = app.plugins.decide(&large, "read", "order", Map::new());
        assert_eq!(decision.await.unwrap_err().reason(), "PLUGIN_UNAVAILABLE");
        let decision = app.plugins.decide("u-7", &large, "order", Map::new());
        assert_eq!(decision.await.unwrap_err().reason(), "PLUGIN_UNAVAILABLE");
    }
    let status = app.plugins.get("rules").unwrap().status;
    assert_eq!(status, PluginStatus::Started);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_data_of_a_caller_skip_no_veto_and_no_policy_plug_2() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .config(|config| config.on_failure = FailureMode::Open)
        .plugin("rules", "", &Guest::denying("no"))
        .plugin(
            "guard",
            &format!("{HOOK}veto = true\n"),
            &Guest::rejecting(403, "blocked"),
        )
        .start()
        .await
        .unwrap();
    let large = "x".repeat(2 * 1024 * 1024);
    let decision = app.plugins.decide("u-7", "read", &large, Map::new());
    assert_eq!(decision.await.unwrap_err().reason(), "PLUGIN_UNAVAILABLE");
    let call = HookCall::new().with_value("comment", large);
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, call);
    assert_eq!(call.await.unwrap_err().reason(), "PLUGIN_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_source_of_an_event_does_not_disable_plugins_plug_2() {
    let more = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("notes", more, &Guest::handler("(i32.const 16)"))
        .settings("notes", "retry_count: 0\n")
        .start()
        .await
        .unwrap();
    for _ in 0..6 {
        let event = Event::new(EventType::USER_LOGIN, "x".repeat(2 * 1024 * 1024));
        let problem = "exceeded the input limit of 1048576 bytes per call";
        let failed = HandlerError::Permanent(problem.to_owned());
        assert_eq!(
            app.plugins.events().publish(event).await,
            [("notes/note".to_owned(), failed)]
        );
    }
    let status = app.plugins.get("notes").unwrap().status;
    assert_eq!(status, PluginStatus::Started);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_of_a_manifest_do_not_reach_events_plug_2() {
    const MAX: usize = 2_000;
    let app = Setup::new().start().await.unwrap();
    let (sender, mut problems) = tokio::sync::mpsc::unbounded_channel();
    let events = app.plugins.events();
    events.subscribe("problems", [EventType::PLUGIN_ERROR], move |event| {
        let problem = event.data().get("problem").and_then(|text| text.as_str());
        let _ = sender.send(problem.unwrap_or_default().to_owned());
        std::future::ready(Ok(()))
    });
    // The service reads the manifest without a signature, for the order of loads.
    let folder = app.folder.path().join("plugins/evil");
    std::fs::create_dir(&folder).unwrap();
    let manifest = format!("{} = 1\n", "x".repeat(60_000));
    std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let problem = timeout(Duration::from_secs(60), problems.recv()).await;
    let problem = problem.unwrap().unwrap();
    assert!(problem.contains("unknown field `xxx"), "{problem}");
    assert!(problem.len() <= MAX, "{} bytes", problem.len());
    // A signed version is also short, because events contain it.
    let long = format!("version = \"1.0.0+{}\"\n", "x".repeat(60_000));
    app.replace("evil", &long, &Guest::quiet());
    let refused = app.plugins.load("evil").await.unwrap_err();
    let expected = "plugin \"evil\": plugin.toml has a version of more than 100 bytes";
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_functions_do_not_reach_problems_plug_2() {
    // The host rejects the text of the line while the function is on the stack.
    let guest = Guest::hook("(call $evil) (i32.const 16)")
        .import("log", "write", "(param i32 i32 i32)")
        .with_words(1024, &[0xff])
        .with_functions(
            "(func $evil (@name \"evil\\0a\\1b[2J\")
               (call $write (i32.const 1) (i32.const 1024) (i32.const 1)))",
        );
    let app = Setup::new()
        .grant("evil", &[Capability::Log])
        .plugin("evil", &format!("capabilities = [\"log\"]\n{HOOK}"), &guest)
        .start()
        .await
        .unwrap();
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let failed = call.await.unwrap().failed;
    let problem = "trapped: invalid utf-8 sequence of 1 bytes from index 0".to_owned();
    assert_eq!(failed, [("evil/attack".to_owned(), problem)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_plugins_leave_calls_to_the_others_plug_2() {
    /// The plugins whose calls together exceed the limit of all plugins.
    const STALLED: usize = 5;
    /// Far longer than the calls need on a loaded machine.
    const TIMEOUT: Duration = Duration::from_secs(30);
    let (url, mut waiting) = hold();
    let handler =
        "capabilities = [\"http\"]\n[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let good = HOOK.to_owned() + "timeout = \"10s\"\n";
    let mut setup = Setup::new()
        .service_settings(
            "clients: { plugins: { policies: { attempt_timeout: 10m, total_timeout: 10m } } }\n",
        )
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("good", &good, &Guest::setting("seen", "1"));
    for number in 0..STALLED {
        let name = format!("stalled-{number}");
        setup = setup
            .config(|config| drop(config.grants.insert(name.clone(), granted_http())))
            .plugin(&name, handler, &Guest::requesting_in_handler(&url))
            .settings(&name, "timeout: 10m\nretry_count: 0\n");
    }
    let app = setup.start().await.unwrap();
    let cores = available_parallelism().unwrap().get();
    for _ in 0..cores {
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        app.plugins.events().publish_async(login).unwrap();
    }
    let mut unanswered = Vec::new();
    while unanswered.len() < 2 * cores {
        let next = timeout(TIMEOUT, waiting.recv()).await;
        unanswered.push(next.unwrap().unwrap());
    }
    // The calls of the other plugins wait.
    let further = timeout(Duration::from_secs(1), waiting.recv()).await;
    assert!(further.is_err(), "more calls run");
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let report = call.await.unwrap();
    assert_eq!(report.failed, []);
    assert_eq!(report.call.value("seen"), Some(&1.into()));
    drop((unanswered, waiting));
}

#[tokio::test(flavor = "multi_thread")]
async fn short_deadline_does_not_skip_a_veto_plug_2() {
    let veto = format!("{HOOK}veto = true\ntimeout = \"20s\"\n");
    let app = Setup::new()
        .config(|config| config.on_failure = FailureMode::Open)
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("slow", &veto, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    // Clients can shorten the deadline of a request.
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    let request = request.with_deadline(Deadline::after(Duration::from_millis(200)));
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let error = context::scope(Arc::new(request), call).await.unwrap_err();
    assert_eq!(error.reason(), "DEADLINE_EXCEEDED");
    // The plugin is not at fault.
    let fault = app.metric("plugin_faults_total{plugin=\"slow\",reason=\"cancelled\"}");
    assert_eq!(fault, 1);
    assert_eq!(app.plugins.get("slow").unwrap().error_msg, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_share_the_log_lines_of_a_plugin_plug_2() {
    let handler = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let app = Setup::new()
        .config(|config| {
            config.security.max_log_lines_per_second = 1;
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("hooks", HOOK, &Guest::failing("a text of the plugin"))
        .plugin("events", handler, &Guest::handler("unreachable"))
        .start()
        .await
        .unwrap();
    for _ in 0..20 {
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        assert_eq!(call.await.unwrap().failed.len(), 1);
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        assert_eq!(app.plugins.events().publish(login).await.len(), 1);
    }
    for plugin in ["hooks", "events"] {
        let dropped = format!("plugin_log_lines_dropped_total{{plugin=\"{plugin}\"}}");
        assert!(app.metric(&dropped) > 0, "{plugin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_set_the_concurrent_calls_of_a_plugin_plug_2() {
    const TIMEOUT: Duration = Duration::from_secs(60);
    let cores = available_parallelism().unwrap().get();
    let (url, mut waiting) = hold();
    let more = format!("capabilities = [\"http\"]\n{HOOK}timeout = \"60s\"\n");
    // All plugins with `http` share two calls for each core.
    let max = u32::try_from(cores + 1).unwrap();
    let app = Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.security.max_concurrent_calls = NonZeroU32::new(max);
            config.grants.insert("slow".to_owned(), granted_http());
        })
        .plugin("slow", &more, &Guest::requesting(&url, "(i32.const 16)"))
        .settings("slow", "timeout: 60s\n")
        .start()
        .await
        .unwrap();
    let calls = (0..max + 1).map(|_| {
        let plugins = app.plugins.clone();
        let call = async move {
            plugins
                .run_hooks(HookPoint::BeforeBiz, HookCall::new())
                .await
        };
        tokio::spawn(call)
    });
    let calls: Vec<_> = calls.collect();
    let mut unanswered = Vec::new();
    for _ in 0..max {
        let next = timeout(TIMEOUT, waiting.recv()).await;
        unanswered.push(next.unwrap().unwrap());
    }
    // The last call waits for the end of another one.
    assert!(waiting.try_recv().is_err(), "more calls run");
    drop((unanswered, waiting));
    for call in calls {
        call.await.unwrap().unwrap();
    }
}
