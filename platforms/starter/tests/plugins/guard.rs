//! A plugin with a hook before each operation, and a handler of logins.

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    app::TestApp,
    eventually,
    http::{get, request},
};
use serde_json::Value;

use crate::logs::remember;

pub(crate) const MANIFEST: &str = r#"
name = "guard"
version = "1.0.0"
api = "0.2.0"

[[hooks]]
name = "decide"
point = "before_biz"
timeout = "200ms"
veto = true

[[handlers]]
name = "note"
types = ["user.login"]
"#;
pub(crate) const USER: &str = r#"{"username":"ada","password":"wonderful4weather"}"#;
/// The hook changes nothing.
pub(crate) const PROCEEDS: &str = "(i32.const 16)";
/// ok, reject, 429, the reason.
pub(crate) const VETOES: &str = "(i32.const 256)";
pub(crate) const LOOPS: &str = "(loop $l (br $l)) unreachable";
pub(crate) const GROWS: &str = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";

/// Returns a module with this hook. Its handler rejects each event with the text "noted".
pub(crate) fn module(hook: &str) -> String {
    let step = |name: &str, parameters: &str| {
        format!(
            "(func (export \"seaworthy:plugin/lifecycle@0.2.0#{name}\") {parameters} (result i32) (i32.const 16))\n"
        )
    };
    let steps = ["start", "stop", "cleanup", "health-check"].map(|name| step(name, ""));
    let handle = format!("(param {})", "i32 ".repeat(14));
    format!(
        r#"(module
          (memory (export "memory") 1)
          (data (i32.const 256) "\00\00\00\00\01\00\00\00\ad\01\00\00\00\02\00\00\05\00\00\00")
          (data (i32.const 320) "\01\00\00\00\01\00\00\00\10\02\00\00\05\00\00\00")
          (data (i32.const 512) "later")
          (data (i32.const 528) "noted")
          (global $free (mut i32) (i32.const 8192))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
            (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
            (global.set $free (i32.add (local.get 4) (local.get 3)))
            (local.get 4))
          {}{}
          (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) {hook})
          (func (export "seaworthy:plugin/events@0.2.0#handle") {handle} (result i32) (i32.const 320)))"#,
        step("initialize", "(param i32 i32)"),
        steps.concat()
    )
}

/// Returns a module that denies every action with the text "later".
pub(crate) fn policy() -> String {
    let step = |name: &str, parameters: &str| {
        format!(
            "(func (export \"seaworthy:plugin/lifecycle@0.2.0#{name}\") {parameters} (result i32) (i32.const 16))\n"
        )
    };
    let steps = ["start", "stop", "cleanup", "health-check"].map(|name| step(name, ""));
    let decide = format!("(param {})", "i32 ".repeat(8));
    format!(
        r#"(module
          (memory (export "memory") 1)
          (data (i32.const 256) "\01\00\00\00\00\02\00\00\05\00\00\00")
          (data (i32.const 512) "later")
          (global $free (mut i32) (i32.const 8192))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
            (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
            (global.set $free (i32.add (local.get 4) (local.get 3)))
            (local.get 4))
          {}{}
          (func (export "seaworthy:plugin/policy@0.2.0#decide") {decide} (result i32)
            (i32.const 256)))"#,
        step("initialize", "(param i32 i32)"),
        steps.concat()
    )
}

/// Runs an action of the admin listener on the plugin, and expects success.
pub(crate) fn admin(app: &TestApp, action: &str) {
    let path = format!("/plugins/guard/{action}");
    let done = request(app.admin, "POST", &path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(done.status, 200, "{action}: {}", done.body);
}

/// Logs in. Returns the status and the body of the response.
pub(crate) fn log_in(app: &TestApp) -> (u16, String) {
    let answer = app.send("POST", "/api/v1/auth/login", USER).unwrap();
    if answer.status == 200 {
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        for token in ["access_token", "refresh_token"] {
            remember(body[token].as_str().unwrap());
        }
    }
    (answer.status, answer.body)
}

/// Logs in. Returns the status, the reason and the text of the rejection.
pub(crate) fn rejection(app: &TestApp) -> (u16, String, String) {
    let (status, body) = log_in(app);
    let problem: Value = serde_json::from_str(&body).unwrap();
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    (status, text("reason"), text("detail"))
}

/// Expects that the service exports a metric with this value. `line` is its whole line.
pub(crate) fn assert_metric(app: &TestApp, line: &str) {
    let metrics = get(app.admin, "/metrics").unwrap().body;
    let series = line.split('{').next().unwrap();
    let others = metrics.lines().filter(|line| line.starts_with(series));
    let others: Vec<&str> = others.collect();
    assert!(others.contains(&line), "{line}: {others:#?}");
}

/// Returns the actions of the audit log about plugins and their details, oldest first.
pub(crate) fn audited(url: &str) -> Vec<(String, Value)> {
    let entries = entries(url).into_iter();
    entries
        .map(|(action, details)| (action, serde_json::from_str(&details).unwrap()))
        .collect()
}

/// Returns the actions of the audit log about plugins and their actors, oldest first. The actor of
/// the service itself is an empty text.
pub(crate) fn audited_actors(url: &str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let logged = sql(
            "SELECT action, COALESCE(actor, '') FROM audit_log WHERE action LIKE 'plugin.%' ORDER BY sequence",
        );
        logged.fetch_all(&open(url).await).await.unwrap()
    })
}

/// Waits until the audit log has exactly these actions about plugins.
pub(crate) fn eventually_audited(url: &str, actions: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || {
        let entries = read_entries(url).await;
        entries.iter().map(|(action, _)| action).eq(actions)
    }));
}

/// Runs a statement in the database of the service.
pub(crate) fn execute(url: &str, statement: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let database = open(url).await;
        sql(statement).execute(&database).await.unwrap();
    });
}

async fn open(url: &str) -> Database {
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}

fn entries(url: &str) -> Vec<(String, String)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(read_entries(url))
}

async fn read_entries(url: &str) -> Vec<(String, String)> {
    let logged =
        sql("SELECT action, details FROM audit_log WHERE action LIKE 'plugin.%' ORDER BY sequence");
    logged.fetch_all(&open(url).await).await.unwrap()
}
