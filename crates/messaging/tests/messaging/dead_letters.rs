//! Operators handle dead letters by the command and by the admin listener of a real process, which
//! is killed in the middle (MSG-3).

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use rustix::process::Signal;
use seaworthy_testkit::{
    http::{HttpResponse, get, request},
    process::{ProcessOutput, ServiceProcess, example},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that is waited for takes longer on the slowest machine.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a replay is killed.
const KILLS: u32 = 8;

struct Trial(TempDir);

impl Trial {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn record(&self) -> std::path::PathBuf {
        self.0.path().join("record")
    }

    fn settings(&self) -> Vec<String> {
        let folder: &Path = self.0.path();
        let broker = folder.join("broker.db");
        vec![
            "--set".to_owned(),
            format!("broker.url=sqlite:{}", broker.display()),
            "--set".to_owned(),
            format!("record={}", self.record().display()),
            "--set".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            "--set".to_owned(),
            "broker.embedded.poll_interval=20ms".to_owned(),
        ]
    }

    fn serve(&self, more: &[&str]) -> ServiceProcess {
        let settings = self.settings();
        let settings = settings.iter().map(String::as_str);
        let more = more.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<&str> = settings.chain(more).collect();
        let mut process =
            ServiceProcess::start(&example("letters_trial"), &arguments, &[]).unwrap();
        process.line("\"message\":\"ready\"").unwrap();
        process
    }

    /// A service that has published this many messages and rejected them.
    fn with_dead_letters(count: u32) -> (Self, ServiceProcess) {
        let trial = Self::new();
        let process = trial.serve(&[&format!("publish={count}"), "reject=true"]);
        let begun = Instant::now();
        while trial.count() < count.into() {
            assert!(begun.elapsed() < TIMEOUT, "dead letters are missing");
            thread::sleep(Duration::from_millis(50));
        }
        (trial, process)
    }

    fn begin(&self, arguments: &[&str]) -> ServiceProcess {
        let settings = self.settings();
        let all: Vec<&str> = ["dead-letters"]
            .into_iter()
            .chain(arguments.iter().copied())
            .chain(settings.iter().map(String::as_str))
            .collect();
        ServiceProcess::spawn(&example("letters_trial"), &all, &[]).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> ProcessOutput {
        self.begin(arguments).wait_with_output().unwrap()
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout.join("\n")).unwrap()
    }

    fn count(&self) -> u64 {
        let groups = self.ask(&["groups"]);
        let groups = groups.as_array().unwrap().clone();
        groups
            .iter()
            .map(|group| group.get("count").unwrap().as_u64().unwrap())
            .sum()
    }

    /// Waits until a service has handled `count` messages, and returns them.
    fn handled(&self, count: usize) -> Vec<u32> {
        let process = self.serve(&[]);
        let begun = Instant::now();
        let handled = loop {
            let text = fs::read_to_string(self.record()).unwrap();
            let numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
            let different: BTreeSet<_> = numbers.iter().collect();
            if different.len() >= count {
                break numbers;
            }
            assert!(begun.elapsed() < TIMEOUT, "{} came", different.len());
            thread::sleep(Duration::from_millis(50));
        };
        stop(process);
        handled
    }
}

fn stop(process: ServiceProcess) {
    process.signal(Signal::TERM).unwrap();
    assert_eq!(process.wait_with_output().unwrap().status.code(), Some(0));
}

fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or(&Value::Null)
}

#[test]
fn operators_list_group_show_replay_and_discard_by_the_command_msg_3() {
    let (trial, process) = Trial::with_dead_letters(5);
    stop(process);
    let listed = trial.ask(&["list", "--limit", "2"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(at(&listed, "/0/payload"), &Value::Null);
    let groups = trial.ask(&["groups"]);
    assert_eq!(at(&groups, "/0/count"), &json!(5));
    assert_eq!(at(&groups, "/0/reason"), &json!("rejected"));
    assert_eq!(groups.as_array().unwrap().len(), 1, "{groups}");
    let id = at(&listed, "/0/id").as_str().unwrap();
    let shown = trial.ask(&["show", id, "--payload"]);
    // Messages without a key are handled side by side: any of them may be the first that is dead.
    let number: u32 = at(&shown, "/payload").as_str().unwrap().parse().unwrap();
    assert_eq!(at(&shown, "/group"), &json!("trial"));
    let text = trial.run(&["show", id]).stdout.join("\n");
    assert!(
        text.contains("fingerprint") && !text.contains(&format!("\n{number}")),
        "{text}"
    );

    let unnamed = trial.run(&["replay"]);
    assert_eq!(unnamed.status.code(), Some(1));
    assert!(unnamed.stderr.contains("--all"), "{}", unnamed.stderr);
    let dry = trial.ask(&["discard", "--reason", "rejected", "--dry-run"]);
    assert_eq!(at(&dry, "/counts/selected"), &json!(5));
    assert_eq!(trial.count(), 5);

    let one = trial.ask(&["discard", id]);
    assert_eq!(at(&one, "/counts/discarded"), &json!(1));
    assert_eq!(at(&one, "/report/letters/0/id"), &json!(id));
    let none = trial.ask(&["replay", "--type", "something.else"]);
    assert_eq!(at(&none, "/counts/selected"), &json!(0));
    let fingerprint = at(&groups, "/0/fingerprint").as_str().unwrap();
    let replayed = trial.ask(&["replay", "--fingerprint", fingerprint, "--since", "1h"]);
    assert_eq!(at(&replayed, "/counts/replayed"), &json!(4));
    assert_eq!(trial.count(), 0);
    let handled: BTreeSet<u32> = trial.handled(4).into_iter().collect();
    let others: BTreeSet<u32> = (0..5).filter(|other| *other != number).collect();
    assert_eq!(handled, others);
}

#[test]
fn log_line_of_a_message_has_its_id_and_outcome_obs_2() {
    let (trial, mut process) = Trial::with_dead_letters(1);
    let line = process.line("\"dead_letter\":").unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    stop(process);
    let said = "a message was dead-lettered";
    assert_eq!(at(&line, "/message"), &json!(said), "{line}");
    let listed = trial.ask(&["list"]);
    assert_eq!(at(&line, "/message_id"), at(&listed, "/0/message_id"));
    assert_eq!(at(&line, "/dead_letter"), at(&listed, "/0/id"));
}

#[test]
fn repeatedly_killed_replay_loses_nothing_msg_3() {
    const ALL: u32 = 600;
    let (trial, process) = Trial::with_dead_letters(ALL);
    stop(process);
    for _ in 0..KILLS {
        let replay = trial.begin(&["replay", "--all", "--rate", "400"]);
        thread::sleep(Duration::from_secs_f64(rand::rng().random::<f64>()));
        // It may have ended.
        let _ = replay.signal(Signal::KILL);
        replay.wait_with_output().unwrap();
    }
    trial.ask(&["replay", "--all", "--rate", "100000"]);
    assert_eq!(trial.count(), 0);
    let handled = trial.handled(ALL.try_into().unwrap());
    let different: BTreeSet<u32> = handled.iter().copied().collect();
    assert_eq!(different, (0..ALL).collect());
    let twice = handled.len() - different.len();
    assert!(
        twice <= usize::try_from(KILLS).unwrap() * 100,
        "{twice} came twice"
    );
}

#[test]
fn interrupted_replay_reports_its_progress_msg_3() {
    let (trial, process) = Trial::with_dead_letters(40);
    stop(process);
    let mut replay = trial.begin(&["replay", "--all", "--rate", "10", "--format", "json"]);
    replay.error_line(" of 40 dead letters").unwrap();
    replay.signal(Signal::TERM).unwrap();
    let ended = replay.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout.join("\n")).unwrap();
    assert_eq!(at(&report, "/report/finished"), &json!(false));
    let count = |what: &str| at(&report, &format!("/counts/{what}")).as_u64().unwrap();
    assert!(count("replayed") >= 10 && count("waiting") >= 1, "{report}");
    assert_eq!(
        count("replayed") + count("waiting") + count("uncertain"),
        40,
        "{report}"
    );
    let left = trial.count();
    assert!(left >= count("waiting") && left <= count("waiting") + count("uncertain"));
}

fn post(admin: SocketAddr, path: &str, body: &Value) -> HttpResponse {
    let headers = [
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    request(admin, "POST", path, &headers, &body.to_string()).unwrap()
}

/// Reads from the admin listener with the header that reading dead letters needs.
fn read(admin: SocketAddr, path: &str) -> HttpResponse {
    request(admin, "GET", path, &[("x-admin-request", "1")], "").unwrap()
}

fn document(answer: &HttpResponse) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn subscription_is_paused_and_resumed_by_the_admin_api_msg_7() {
    let trial = Trial::new();
    let mut process = trial.serve(&["publish=3"]);
    let (_, admin) = process.addresses().unwrap();
    let base = "/messaging/broker/subscriptions";
    let listed = document(&get(admin, base).unwrap());
    assert_eq!(at(&listed, "/0/group"), &json!("trial"));
    assert_eq!(at(&listed, "/0/topics"), &json!(["trial.happened"]));
    for field in ["connected", "paused", "unacknowledged", "lag", "consumed"] {
        assert!(listed.pointer(&format!("/0/{field}")).is_some(), "{listed}");
    }
    let pause = format!("{base}/trial/pause");
    let why = json!({ "reason": "the store is moved" });
    assert_eq!(post(admin, &pause, &json!({ "reason": " " })).status, 400);
    assert_eq!(
        post(admin, &format!("{base}/other/pause"), &why).status,
        404
    );
    let unmarked = request(
        admin,
        "POST",
        &pause,
        &[("content-type", "application/json")],
        &why.to_string(),
    );
    assert_eq!(unmarked.unwrap().status, 403);
    let paused = document(&post(admin, &pause, &why));
    assert_eq!(at(&paused, "/0/paused"), &json!(true));
    let resumed = document(&post(admin, &format!("{base}/trial/resume"), &why));
    assert_eq!(at(&resumed, "/0/paused"), &json!(false));
    process.line("the store is moved").unwrap();
    stop(process);
}

#[test]
fn admin_listener_reads_dead_letters_only_with_header_msg_3() {
    let trial = Trial::new();
    let mut process = trial.serve(&[]);
    let (_, admin) = process.addresses().unwrap();
    for path in ["", "/groups", "/letters/x", "?topic=unknown"] {
        let path = format!("/messaging/broker/dead-letters{path}");
        let answer = get(admin, &path).unwrap();
        assert_eq!(answer.status, 403, "{path} {}", answer.body);
        assert!(
            answer.body.contains("ADMIN_HEADER_REQUIRED"),
            "{}",
            answer.body
        );
    }
    stop(process);
}

#[test]
fn admin_listener_rejects_unknown_topics_msg_3() {
    let (_trial, mut process) = Trial::with_dead_letters(1);
    let (_, admin) = process.addresses().unwrap();
    let base = "/messaging/broker/dead-letters";
    for (topic, status) in [("trial.happened", 200), ("unknown", 404)] {
        for path in ["", "/groups"] {
            let answer = read(admin, &format!("{base}{path}?topic={topic}"));
            assert_eq!(answer.status, status, "{path} {topic} {}", answer.body);
        }
        let body = json!({ "reason": "test", "filter": { "topic": topic }, "dry_run": true });
        for action in ["replay", "discard"] {
            let answer = post(admin, &format!("{base}/{action}"), &body);
            assert_eq!(answer.status, status, "{action} {topic} {}", answer.body);
        }
    }
    stop(process);
}

#[test]
fn operators_replay_dead_letters_at_the_admin_listener_msg_3() {
    let (_trial, mut process) = Trial::with_dead_letters(30);
    let (_, admin) = process.addresses().unwrap();
    let base = "/messaging/broker/dead-letters";
    let listed = document(&read(admin, &format!("{base}?reason=rejected&limit=2")));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let groups = document(&read(admin, &format!("{base}/groups?topic=trial.happened")));
    assert_eq!(at(&groups, "/0/count"), &json!(30));
    for hostile in [
        "?limit=0",
        "?reason=x",
        "?topic=a%20b",
        "?sort=id",
        "?since=x",
    ] {
        let answer = read(admin, &format!("{base}{hostile}"));
        assert_eq!(answer.status, 400, "{hostile} {}", answer.body);
    }
    let id = at(&listed, "/0/id").as_str().unwrap();
    let shown = document(&read(admin, &format!("{base}/letters/{id}")));
    assert_eq!(at(&shown, "/payload"), &Value::Null);
    let shown = document(&read(admin, &format!("{base}/letters/{id}?payload=true")));
    let payload = at(&shown, "/payload").as_str().unwrap();
    assert!(payload.parse::<u32>().unwrap() < 30, "{payload}");
    assert_eq!(read(admin, &format!("{base}/letters/x")).status, 404);
    assert_eq!(read(admin, &format!("{base}/job")).status, 404);

    let replay = format!("{base}/replay");
    let unnamed = post(admin, &replay, &json!({ "reason": "mended" }));
    assert_eq!(unnamed.status, 400, "{}", unnamed.body);
    let dry = json!({ "reason": "mended", "all": true, "dry_run": true });
    let report = document(&post(admin, &replay, &dry));
    assert_eq!(at(&report, "/counts/selected"), &json!(30));
    assert_eq!(at(&report, "/running"), &json!(false));

    // Longer than a request waits, so that it is looked at, rejects another, and is stopped.
    let slow = json!({ "reason": "mended", "all": true, "rate": 5 });
    let report = document(&post(admin, &replay, &slow));
    assert_eq!(at(&report, "/running"), &json!(true));
    assert_eq!(post(admin, &replay, &slow).status, 409);
    let stopped = document(&post(admin, &format!("{base}/job/stop"), &json!({})));
    assert_eq!(at(&stopped, "/running"), &json!(false));
    let count = |what: &str| at(&stopped, &format!("/counts/{what}")).as_u64().unwrap();
    assert!(count("replayed") >= 5 && count("waiting") >= 1, "{stopped}");

    // Replayed letters are rejected again and come back with a higher count. Another selection of
    // letters is discarded.
    let one = json!({ "reason": "not needed", "ids": [id] });
    let report = document(&post(admin, &format!("{base}/discard"), &one));
    assert_eq!(
        at(&report, "/counts/selected"),
        &json!(0),
        "it was replayed first"
    );
    let groups = document(&read(admin, &format!("{base}/groups")));
    assert!(
        at(&groups, "/0/replayed").as_u64().unwrap() >= 1,
        "{groups}"
    );
    stop(process);
}
