//! The hook points of section 6 of the contract in the program.

use std::cell::Cell;

use seaworthy::plugins::HookPoint;
use seaworthy_testkit::{
    app::TestApp,
    eventually,
    http::{HttpResponse, get, request},
};
use serde_json::Value;

use crate::{
    calls::reason,
    folder::Folder,
    guard::{LOOPS, PROCEEDS, VETOES, admin, module},
};

const PATH: &str = "/api/v1/auth/register";
/// The user of the actions that fail.
const TAKEN: &str = "taken";
/// The settings for many registrations by one client.
const UNLIMITED: [&str; 2] = [
    "auth.login_rate_limit.requests=1000",
    "auth.public_rate_limit.requests=1000",
];
/// The points of a request that reaches its handler, before and after it.
const BEFORE_HANDLER: [&str; 3] = ["before_auth", "after_auth", "before_request"];
const AFTER_HANDLER: [&str; 3] = ["after_request", "before_response", "after_response"];

/// An action of a client.
#[derive(Clone, Copy)]
enum Action<'a> {
    /// Calls a method without side effects.
    Greet,
    /// Registers a user.
    Register(&'a str),
    /// Reads a profile with a token that is not valid.
    Profile,
}

impl Action<'_> {
    fn send(self, app: &TestApp, id: &str) -> HttpResponse {
        let json = ("content-type", "application/json");
        let id = ("x-request-id", id);
        let sent = match self {
            Self::Greet => request(app.http, "GET", "/helloworld/Ada", &[id], ""),
            Self::Register(user) => {
                let body = format!(r#"{{"username":"{user}","password":"wonderful4weather"}}"#);
                request(app.http, "POST", PATH, &[id, json], &body)
            }
            Self::Profile => {
                let token = ("authorization", "Bearer wrong");
                request(app.http, "GET", "/api/v1/auth/profile", &[id, token], "")
            }
        };
        sent.unwrap()
    }
}

/// Returns the action that calls a point, and its status without plugins.
fn action(point: HookPoint, user: &str) -> (Action<'_>, u16) {
    match point {
        HookPoint::AuthFailed => (Action::Profile, 401),
        HookPoint::BizError | HookPoint::DataError => (Action::Register(TAKEN), 409),
        _ => (Action::Register(user), 200),
    }
}

/// Returns the manifest of a plugin with these hooks.
fn manifest(name: &str, hooks: &str) -> String {
    format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\n{hooks}
[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n"
    )
}

/// Returns the request ID, the point and the name of each failed hook in a log.
fn failed_hooks(log: &[String]) -> Vec<(String, String, String)> {
    let failed = log.iter();
    let failed = failed.filter(|line| line.contains("\"message\":\"a hook failed\""));
    failed
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
            (text("request_id"), text("point"), text("hook"))
        })
        .collect()
}

/// Waits until a counter has a value.
fn eventually_counted(app: &TestApp, line: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || {
        let metrics = get(app.admin, "/metrics").unwrap().body;
        metrics.lines().any(|exported| exported == line)
    }));
}

#[test]
fn actions_call_their_points_in_order_plug_1() {
    // The rejection of a hook without a veto is logged, and changes nothing.
    let hooks = HookPoint::ALL.map(|point| {
        let point = point.as_str();
        // The order of the manifest is not the order of the priorities.
        [("late", 20), ("early", 10)]
            .map(|(name, priority)| {
                format!(
                    "[[hooks]]\nname = \"{name}\"\npoint = \"{point}\"\npriority = {priority}\ntimeout = \"20s\"\n"
                )
            })
            .concat()
    });
    let folder = Folder::new();
    let manifest = manifest("tracer", &hooks.concat());
    folder.add("tracer", &manifest, &module(VETOES), "hooks-and-events");
    let app = folder
        .app()
        .setting("plugins.security.max_log_lines_per_second=1000")
        .settings(UNLIMITED);
    let app = app.start().unwrap();
    let around =
        |points: &[&'static str]| [&BEFORE_HANDLER[..], points, &AFTER_HANDLER[..]].concat();
    let mut called = 0;
    let mut expected = Vec::new();
    let register = Action::Register("ada");
    for (number, (action, status, points)) in [
        (Action::Greet, 200, around(&[])),
        (
            register,
            200,
            around(&["before_biz", "before_data", "after_data", "after_biz"]),
        ),
        (
            register,
            409,
            around(&["before_biz", "before_data", "data_error", "biz_error"]),
        ),
        (Action::Profile, 401, vec!["before_auth", "auth_failed"]),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("0f8fad5b-d9cb-469f-a165-7086772895{number:02}");
        let response = action.send(&app, &id);
        assert_eq!(response.status, status, "{}", response.body);
        called += 2 * points.len();
        // The hooks at `after_response` run after the client has received the response.
        let counted = format!("plugin_hook_failures_total{{plugin=\"tracer\"}} {called}");
        eventually_counted(&app, &counted);
        for point in points {
            for hook in ["tracer/early", "tracer/late"] {
                expected.push((id.clone(), point.to_owned(), hook.to_owned()));
            }
        }
    }
    for point in HookPoint::ALL {
        let is_called = expected
            .iter()
            .any(|(_, called, _)| called == point.as_str());
        assert!(is_called, "no action calls {}", point.as_str());
    }
    let ended = app.stop().unwrap();
    assert_eq!(failed_hooks(&ended.stdout), expected);
}

/// Starts a service with the plugin `guard`, and calls `check` with each point and a user name.
/// The plugin has a hook at the point, with a veto where the contract allows one. Returns the
/// service with its folder, without the hook.
fn for_each_point(
    (hook, timeout): (&str, &str),
    check: impl Fn(&TestApp, HookPoint, &str),
) -> (Folder, TestApp) {
    let folder = Folder::new();
    let replace = |hooks: &str, body: &str| {
        let manifest = manifest("guard", hooks);
        folder.add("guard", &manifest, &module(body), "hooks-and-events");
    };
    replace("", PROCEEDS);
    let app = folder.app().setting("plugins.auto_load=false");
    // A throttled call does not end by its timeout.
    let app = app.setting("plugins.security.max_cpu_percent=100");
    let app = app.settings(UNLIMITED).start().unwrap();
    admin(&app, "load");
    admin(&app, "start");
    assert_eq!(Action::Register(TAKEN).send(&app, "first").status, 200);
    for (number, point) in HookPoint::ALL.into_iter().enumerate() {
        let hooks = format!(
            "[[hooks]]\nname = \"check\"\npoint = \"{}\"\ntimeout = \"{timeout}\"\nveto = {}\n",
            point.as_str(),
            point.can_veto()
        );
        replace(&hooks, hook);
        admin(&app, "reload");
        admin(&app, "enable");
        check(&app, point, &format!("user{number}"));
    }
    replace("", PROCEEDS);
    admin(&app, "reload");
    (folder, app)
}

#[test]
fn vetoes_reject_actions_at_the_points_of_the_contract_plug_1() {
    let (_folder, app) = for_each_point((VETOES, "20s"), |app, point, user| {
        let (action, status) = action(point, user);
        let response = action.send(app, user);
        match point.can_veto() {
            true => {
                let rejected = (429, "PLUGIN_REJECTED".to_owned());
                assert_eq!(reason(&response), rejected, "{point:?}: {}", response.body);
            }
            false => assert_eq!(response.status, status, "{point:?}: {}", response.body),
        }
    });
    // Only the veto at `before_response` follows the registration.
    for (number, point) in HookPoint::ALL.into_iter().enumerate() {
        let is_undone = point.can_veto() && point != HookPoint::BeforeResponse;
        let is_used = !is_undone && action(point, "").1 == 200;
        let expected = if is_used { 409 } else { 200 };
        let user = format!("user{number}");
        let response = Action::Register(&user).send(&app, "last");
        assert_eq!(response.status, expected, "{point:?}: {}", response.body);
    }
}

#[test]
fn timeouts_end_hooks_at_every_point_plug_1_plug_2() {
    let timeouts = Cell::new(0);
    for_each_point((LOOPS, "60ms"), |app, point, user| {
        let (action, status) = action(point, user);
        let response = action.send(app, user);
        match point.can_veto() {
            true => {
                let failed = (503, "PLUGIN_UNAVAILABLE".to_owned());
                assert_eq!(reason(&response), failed, "{point:?}: {}", response.body);
            }
            false => assert_eq!(response.status, status, "{point:?}: {}", response.body),
        }
        timeouts.set(timeouts.get() + 1);
        let counted = format!(
            "plugin_faults_total{{plugin=\"guard\",reason=\"timeout\"}} {}",
            timeouts.get()
        );
        eventually_counted(app, &counted);
    });
}
