//! A flood of anonymous requests to a service whose plugin has a hook of the authentication.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, available_parallelism},
    time::Duration,
};

use http::request::Parts;
use seaworthy_core::{Actor, Error, Grants, RequestContext, ServiceIdentity, context};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions, Routes};
use seaworthy_plugins::{FailureMode, HookCall, HookPoint, HookReport, Plugins};
use seaworthy_testkit::http::request;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::hold,
};

/// The number of loops that take about a millisecond.
const LOOPS_PER_MILLISECOND: u32 = 1_000_000;
const HOOK: &str = "[[hooks]]\nname = \"guard\"\npoint = \"before_auth\"\ntimeout = \"20s\"\n";
/// Far longer than a call needs on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that flood the service.
const CLIENTS: u8 = 4;
/// Requests of the known caller. Their hooks use less than half of the share of one second.
const REQUESTS: usize = 5;

/// Authenticates the holder of one token.
struct Bearer;

impl Authenticate for Bearer {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        _: &RouteOptions,
    ) -> Authentication {
        match self.has_credentials(request) {
            true => Authentication::Authenticated(Identity {
                actor: Actor::new("u-7"),
                tenant: None,
                grants: Grants::default(),
                attachment: None,
            }),
            false => Authentication::Anonymous,
        }
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        request.headers.contains_key("authorization")
    }
}

/// Returns the body of a hook that computes, and returns the result at an address.
fn compute_for(milliseconds: u32, result: u32) -> String {
    let loops = milliseconds * LOOPS_PER_MILLISECOND;
    format!(
        "(local $left i32)
         (local.set $left (i32.const {loops}))
         (loop $next
           (local.set $left (i32.sub (local.get $left) (i32.const 1)))
           (br_if $next (local.get $left)))
         (i32.const {result})"
    )
}

/// Sends a request from an address behind the proxy. Returns its status.
fn status(http: SocketAddr, address: &str, authorization: &[(&str, &str)]) -> u16 {
    let mut headers = vec![("x-forwarded-for", address)];
    headers.extend(authorization);
    request(http, "GET", "/orders", &headers, "")
        .unwrap()
        .status
}

/// Starts a service with a hook `before_auth` that uses up a share of 5 % in a few calls. It
/// rejects each call.
async fn start_guarded(on_failure: FailureMode) -> TestApp {
    let reason = "seen";
    let guest = Guest::hook(&compute_for(2, 512))
        .with_words(512, &[0, 1, 403, 1024, 4])
        .with_text(1024, reason);
    Setup::new()
        .set("server.http.trusted_proxies=127.0.0.1/32")
        .config(|config| {
            config.security.max_cpu_percent = Some(5);
            config.on_failure = on_failure;
        })
        .plugin("guard", &format!("{HOOK}veto = true\n"), &guest)
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(Bearer));
            let routes = Routes::new().get("/orders", async || "orders");
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap()
}

/// Sends requests of a known caller during a flood of anonymous ones. Returns their statuses, and
/// those of the anonymous requests whose hook did not run.
fn flood(http: SocketAddr) -> (Vec<u16>, Vec<u16>) {
    let ended = Arc::new(AtomicBool::new(false));
    let (sender, exhausted) = std::sync::mpsc::channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (ended, sender) = (Arc::clone(&ended), sender.clone());
            thread::spawn(move || {
                let mut addresses = (0..=u16::MAX).map(|number| {
                    let [high, low] = number.to_be_bytes();
                    format!("10.{client}.{high}.{low}")
                });
                while !ended.load(Ordering::Relaxed)
                    && let Some(address) = addresses.next()
                {
                    let status = status(http, &address, &[]);
                    if status != 403 {
                        let _ = sender.send(status);
                    }
                }
            })
        })
        .collect();
    // Each request of the known caller begins when the anonymous callers have used up their part.
    let mut anonymous = Vec::new();
    let known = (0..REQUESTS).map(|_| {
        anonymous.extend(exhausted.try_iter());
        anonymous.push(exhausted.recv().unwrap());
        status(http, "192.0.2.1", &[("authorization", "Bearer x")])
    });
    let known = known.collect();
    ended.store(true, Ordering::Relaxed);
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    (known, anonymous)
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_leaves_authentication_to_authenticated_callers_plug_2() {
    // An overload must not decide whether a hook runs.
    for on_failure in [FailureMode::Closed, FailureMode::Open] {
        let app = start_guarded(on_failure).await;
        let (known, anonymous) = flood(app.service.addresses().http);
        assert_eq!(known, [403; REQUESTS], "{on_failure:?}");
        assert!(
            anonymous.iter().all(|status| *status == 503),
            "{on_failure:?}: {anonymous:?}"
        );
    }
}

/// Calls the hooks of a point for an anonymous client, or for the service itself.
fn call(
    plugins: &Plugins,
    point: HookPoint,
    is_anonymous: bool,
) -> JoinHandle<Result<HookReport, Error>> {
    let plugins = plugins.clone();
    tokio::spawn(async move {
        let call = plugins.run_hooks(point, HookCall::new());
        if !is_anonymous {
            return call.await;
        }
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let request = request.with_client_address("192.0.2.1".parse().unwrap());
        context::scope(Arc::new(request), call).await
    })
}

/// The requests of a plugin. The server does not respond to a request until it is dropped.
type Requests = mpsc::UnboundedReceiver<std::sync::mpsc::Sender<()>>;

/// Starts a service whose plugin waits for responses, in up to `max` concurrent calls.
async fn start_waiting(max: usize) -> (TestApp, Requests) {
    let (url, requests) = hold();
    let hook = |point: &str, timeout: &str| {
        format!(
            "[[hooks]]\nname = \"slow\"\npoint = \"{point}\"\nveto = true\ntimeout = \"{timeout}\"\n"
        )
    };
    let more = format!(
        "capabilities = [\"http\"]\n{}{}",
        hook("before_biz", "30s"),
        hook("before_data", "100ms")
    );
    let app = Setup::new()
        .config(|config| {
            config.on_failure = FailureMode::Open;
            config.security.max_cpu_percent = Some(100);
            config.security.max_concurrent_calls = NonZeroU32::new(u32::try_from(max).unwrap());
            config.grants.insert("slow".to_owned(), granted_http());
        })
        .service_settings(
            "clients: {plugins: {policies: {attempt_timeout: 60s, total_timeout: 60s, retry: {max_attempts: 1}}}}\n",
        )
        .plugin("slow", &more, &Guest::requesting(&url, "(i32.const 16)"))
        .start()
        .await
        .unwrap();
    (app, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_calls_use_at_most_half_of_all_calls_plug_2() {
    // All plugins with `http` share two calls for each core.
    let cores = available_parallelism().unwrap().get();
    let (app, mut requests) = start_waiting(4 * cores).await;
    let mut next = async || timeout(TIMEOUT, requests.recv()).await.unwrap().unwrap();
    let call = |is_anonymous| call(&app.plugins, HookPoint::BeforeBiz, is_anonymous);
    let anonymous: Vec<_> = (0..2 * cores).map(|_| call(true)).collect();
    let mut unanswered = Vec::new();
    for _ in 0..cores {
        unanswered.push(next().await);
    }
    let known = call(false);
    // Only the last request ends. It is that of the known caller.
    drop(next().await);
    let report = timeout(TIMEOUT, known).await.unwrap().unwrap().unwrap();
    assert_eq!(report.failed, []);
    drop((unanswered, requests));
    for call in anonymous {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_overload_does_not_skip_hooks_that_fail_open_plug_2() {
    let (app, mut requests) = start_waiting(2).await;
    let first = call(&app.plugins, HookPoint::BeforeBiz, true);
    let unanswered = timeout(TIMEOUT, requests.recv()).await.unwrap();
    let rejected = call(&app.plugins, HookPoint::BeforeData, true).await;
    assert_eq!(
        rejected.unwrap().unwrap_err().reason(),
        "PLUGIN_UNAVAILABLE"
    );
    // The hook of a known caller runs, and its failure follows `on_failure`.
    let known = call(&app.plugins, HookPoint::BeforeData, false).await;
    let failed = known.unwrap().unwrap().failed;
    assert_eq!(
        failed,
        [(
            "slow/slow".to_owned(),
            "exceeded its timeout of 100ms".to_owned()
        )]
    );
    drop((unanswered, requests));
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn known_overload_does_not_skip_hooks_that_fail_open_plug_2() {
    let (app, mut requests) = start_waiting(2).await;
    let running = [(); 2].map(|()| call(&app.plugins, HookPoint::BeforeBiz, false));
    let mut unanswered = Vec::new();
    for _ in &running {
        let next = timeout(TIMEOUT, requests.recv()).await;
        unanswered.push(next.unwrap().unwrap());
    }
    let rejected = call(&app.plugins, HookPoint::BeforeData, false).await;
    assert_eq!(
        rejected.unwrap().unwrap_err().reason(),
        "PLUGIN_UNAVAILABLE"
    );
    drop((unanswered, requests));
    for call in running {
        assert!(call.await.unwrap().is_ok());
    }
}

/// Starts a service with three hooks `before_auth` in a chain. The second one sets a value. One
/// call of it uses the part of the CPU share for anonymous callers of several seconds.
async fn start_chained(veto: bool) -> TestApp {
    let guard = Guest::hook(&compute_for(100, 512))
        .with_words(512, &[0, 0, 600, 1])
        .with_words(600, &[1024, 7, 1536, 4])
        .with_text(1024, "checked")
        .with_text(1536, "true");
    let seen = Guest::failing("seen");
    Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(5))
        .plugin("first", &format!("{HOOK}priority = 1\n"), &seen)
        .plugin("guard", &format!("{HOOK}veto = {veto}\n"), &guard)
        .plugin("last", &format!("{HOOK}priority = 200\n"), &seen)
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(Bearer));
            let plugins = plugins.clone();
            let values = move || {
                let plugins = plugins.clone();
                async move {
                    let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
                    let values = call.await?.call.values().clone();
                    Ok::<_, Error>(serde_json::Value::from(values).to_string())
                }
            };
            let routes = Routes::new().get("/values", values);
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn known_caller_runs_each_hook_once_during_a_flood_plug_2() {
    const VALUES: &str = "{\"checked\":true}";
    // Without a veto the failure of the hook does not reject the request.
    for veto in [true, false] {
        let app = start_chained(veto).await;
        let values = |headers: &[(&str, &str)]| {
            let http = app.service.addresses().http;
            request(http, "GET", "/values", headers, "").unwrap().body
        };
        let calls = |plugin| {
            let failures = format!("plugin_hook_failures_total{{plugin=\"{plugin}\"}}");
            app.metric(&failures)
        };
        while values(&[]) == VALUES {}
        let before = ["first", "last"].map(calls);
        assert_eq!(values(&[("authorization", "Bearer x")]), VALUES, "{veto}");
        let expected = before.map(|calls| calls + 1);
        assert_eq!(["first", "last"].map(calls), expected, "{veto}");
    }
}
