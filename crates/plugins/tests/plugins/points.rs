//! The parts of the framework that call hooks.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use http::{Request, request::Parts};
use seaworthy_core::{
    Actor, Code, Error, Grants, RequestContext, ServiceIdentity, Snapshot, Timeout, context,
};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions, Routes};
use seaworthy_plugins::{Decision, HookCall, HookPoint, Plugins};
use seaworthy_testkit::{eventually, http::get};
use serde_json::Map;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

/// Rejects the path `/refused`. The caller of `/known` is authenticated.
struct ByPath;

impl Authenticate for ByPath {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        _: &RouteOptions,
    ) -> Authentication {
        match request.uri.path() {
            "/refused" => {
                let message = "the credentials are not valid";
                Authentication::Rejected(Error::new(Code::Unauthenticated, "REFUSED", message))
            }
            "/known" => Authentication::Authenticated(Identity {
                actor: Actor::new("u-7"),
                tenant: None,
                grants: Grants::default(),
                attachment: None,
            }),
            _ => Authentication::Anonymous,
        }
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        request.uri.path() == "/known"
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_wrapped_authentication_count_res_7() {
    let started = Setup::new().start_with(|_, plugins| {
        let authentication = plugins.authentication(ByPath);
        for (path, expected) in [("/known", true), ("/other", false)] {
            let request = Request::builder().uri(path).body(()).unwrap();
            let (head, ()) = request.into_parts();
            assert_eq!(authentication.has_credentials(&head), expected, "{path}");
        }
    });
    started.await.unwrap();
}

/// Authenticates a caller as anonymous when a permit is free.
struct Held(Arc<Semaphore>);

impl Authenticate for Held {
    fn authenticate(&self, _: &Parts, _: &Arc<RequestContext>, _: &RouteOptions) -> Authentication {
        let permits = Arc::clone(&self.0);
        Authentication::Pending(Box::pin(async move {
            drop(permits.acquire_owned().await);
            Ok(None)
        }))
    }
}

/// Runs operations that succeed, and then some that fail.
async fn orders(plugins: &Plugins) -> Result<(), Error> {
    let stored = plugins.around_data("orders.read", async { Ok("stored") });
    plugins.around_business("orders", stored).await?;
    let failed = async { Err(Error::new(Code::Conflict, "TAKEN", "the order is taken")) };
    let failed = plugins.around_data("orders.take", failed);
    plugins.around_business("take", failed).await
}

/// Returns how often the two requests of the test call the hooks of a point.
fn calls(point: HookPoint) -> u64 {
    match point {
        // The service authenticates both requests, and rejects one of them before its handler.
        HookPoint::BeforeAuth => 2,
        // `orders` runs two operations, and the second one fails.
        HookPoint::BeforeBiz | HookPoint::BeforeData => 2,
        _ => 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_points_get_the_values_of_hooks_plug_1() {
    let hook = |point: &str| {
        format!("[[hooks]]\nname = \"set\"\npoint = \"{point}\"\ntimeout = \"20s\"\n")
    };
    let mut setup = Setup::new().config(|config| config.security.max_cpu_percent = Some(100));
    for point in ["before_auth", "after_auth", "before_request"] {
        let name = point.replace('_', "-");
        let guest = Guest::setting(point, &format!("\"{name}\""));
        setup = setup.plugin(&name, &hook(point), &guest);
    }
    let app = setup
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(ByPath));
            let plugins = plugins.clone();
            let values = move || {
                let plugins = plugins.clone();
                async move {
                    let call = HookCall::new().with_value("after_auth", "of the service");
                    let report = plugins.run_hooks(HookPoint::BeforeBiz, call).await?;
                    Ok::<_, Error>(
                        serde_json::Value::from(report.call.values().clone()).to_string(),
                    )
                }
            };
            let routes = Routes::new().get("/values", values);
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap();
    for _ in 0..2 {
        let values = get(app.service.addresses().http, "/values").unwrap().body;
        let values: serde_json::Value = serde_json::from_str(&values).unwrap();
        let expected = serde_json::json!({
            "before_auth": "before-auth",
            "after_auth": "of the service",
            "before_request": "before-request",
        });
        assert_eq!(values, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_of_a_service_without_plugins_keeps_nothing_plug_1() {
    let app = Setup::new()
        .config(|config| config.enabled = false)
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(ByPath));
            let plugins = plugins.clone();
            let orders = move || {
                let plugins = plugins.clone();
                async move {
                    assert!(orders(&plugins).await.is_err());
                    plugins.decide("u-7", "read", "order/1", Map::new()).await?;
                    let request = context::current().unwrap();
                    let kept = request.snapshot_or_init(Snapshot::Plugins, || Arc::new(()));
                    Ok::<_, Error>(kept.is::<()>().to_string())
                }
            };
            let routes = Routes::new().get("/orders", orders);
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap();
    let orders = get(app.service.addresses().http, "/orders").unwrap();
    assert_eq!((orders.status, orders.body.as_str()), (200, "true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn points_without_hooks_allocate_nothing_plug_1() {
    let hook = "[[hooks]]\nname = \"note\"\npoint = \"before_request\"\n";
    let with_hook = Setup::new().plugin("notes", hook, &Guest::quiet());
    for setup in [Setup::new(), with_hook] {
        let app = setup.start().await.unwrap();
        let call = || call_points(&app.plugins).now_or_never().unwrap();
        assert_eq!(allocation_counter::measure(call).count_total, 0);
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let later = async {
            // The first call of a request keeps its plugins.
            call();
            allocation_counter::measure(call).count_total
        };
        assert_eq!(context::scope(Arc::new(request), later).await, 0);
    }
}

/// Calls points without hooks, and a decision without policies.
async fn call_points(plugins: &Plugins) {
    let call = plugins.run_hooks(HookPoint::BeforeData, HookCall::new());
    assert!(call.await.is_ok());
    let stored = plugins.around_data("orders.read", async { Ok(7) });
    assert_eq!(stored.await.unwrap(), 7);
    let called = plugins.around_call("Create", "orders", async { Ok(7) });
    assert_eq!(called.await.unwrap(), 7);
    let decision = plugins.decide("u-7", "read", "order/1", Map::new());
    assert_eq!(decision.await.unwrap(), Decision::Allow);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_hooks_copy_little_plug_1() {
    let app = Setup::new().start().await.unwrap();
    let call = app
        .plugins
        .run_hooks(HookPoint::BeforeData, HookCall::new());
    assert!(size_of_val(&call) <= 512, "{} bytes", size_of_val(&call));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_point_calls_its_hooks_plug_1() {
    let mut setup = Setup::new().config(|config| config.security.max_cpu_percent = Some(100));
    for point in HookPoint::ALL {
        let point = point.as_str();
        // Builds without optimization on a loaded machine need more than the default.
        let hook = format!("[[hooks]]\nname = \"note\"\npoint = \"{point}\"\ntimeout = \"20s\"\n");
        setup = setup.plugin(point, &hook, &Guest::failing("seen"));
    }
    let app = setup
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(ByPath));
            let plugins = plugins.clone();
            let orders = move || {
                let plugins = plugins.clone();
                async move { orders(&plugins).await }
            };
            let refused = Routes::new()
                .get("/refused", async || "refused")
                .with_options(|options| options.access(Access::Authenticated));
            let orders = Routes::new()
                .get("/orders", orders)
                .with_options(|options| options.access(Access::Optional));
            service.http(refused.merge(orders));
        })
        .await
        .unwrap();
    let http = app.service.addresses().http;
    assert_eq!(get(http, "/orders").unwrap().status, 409);
    assert_eq!(get(http, "/refused").unwrap().status, 401);
    for point in HookPoint::ALL {
        let counted = format!(
            "plugin_hook_failures_total{{plugin=\"{}\"}}",
            point.as_str()
        );
        // Hooks after the response run concurrently with its delivery.
        eventually(async || app.metric(&counted) >= calls(point)).await;
        assert_eq!(app.metric(&counted), calls(point), "{counted}");
    }
}

/// A service that permits three requests of an address that are not authenticated. Its plugin
/// `note` has a hook `before_auth`.
async fn limited(more: &str, guest: &Guest, inner: impl Authenticate) -> TestApp {
    let hook = "[[hooks]]\nname = \"note\"\npoint = \"before_auth\"\ntimeout = \"20s\"\n";
    Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.auth_rate_limit.requests = 3.try_into().unwrap();
            config.auth_rate_limit.window = Timeout::from_secs(600);
        })
        .plugin("note", &format!("{hook}{more}"), guest)
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(inner));
            let routes = Routes::new().get("/orders", async || "orders");
            let routes = routes.get("/known", async || "known");
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_do_not_exceed_the_limit_of_hooks_plug_2() {
    /// Far longer than a request needs on a loaded machine.
    const TIMEOUT: Duration = Duration::from_secs(30);
    let permits = Arc::new(Semaphore::new(0));
    let app = limited("", &Guest::failing("seen"), Held(Arc::clone(&permits))).await;
    let http = app.service.addresses().http;
    let (sender, mut statuses) = mpsc::unbounded_channel();
    for _ in 0..5 {
        let sender = sender.clone();
        tokio::task::spawn_blocking(move || sender.send(get(http, "/orders").unwrap().status));
    }
    let mut next = async || timeout(TIMEOUT, statuses.recv()).await.unwrap().unwrap();
    assert_eq!([next().await, next().await], [429; 2]);
    permits.add_permits(3);
    assert_eq!([next().await, next().await, next().await], [200; 3]);
    assert_eq!(app.metric("plugin_hook_failures_total{plugin=\"note\"}"), 3);
    assert_eq!(get(http, "/orders").unwrap().status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_a_plugin_fails_count_towards_the_limit_plug_2() {
    let app = limited("veto = true\n", &Guest::hook("unreachable"), ByPath).await;
    let http = app.service.addresses().http;
    let statuses = [(); 5].map(|()| get(http, "/orders").unwrap().status);
    assert_eq!(statuses, [503, 503, 503, 429, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_client_does_not_use_up_the_hooks_plug_2() {
    let app = limited("", &Guest::failing("seen"), ByPath).await;
    let http = app.service.addresses().http;
    let status = |path: &str| get(http, path).unwrap().status;
    let calls = || app.metric("plugin_hook_failures_total{plugin=\"note\"}");
    // The service does not count callers that it knows.
    for _ in 0..5 {
        assert_eq!(status("/known"), 200);
    }
    for expected in [200, 404, 200] {
        let path = if expected == 404 { "/none" } else { "/orders" };
        assert_eq!(status(path), expected);
    }
    let before = calls();
    assert_eq!(before, 8);
    for path in ["/orders", "/none", "/known"] {
        assert_eq!(status(path), 429);
    }
    assert_eq!(calls(), before);
}

/// Rejects at a point, and returns the status of a request and of an operation.
async fn vetoed(point: HookPoint) -> (u16, u16) {
    let point = point.as_str();
    let hook = format!(
        "[[hooks]]\nname = \"guard\"\npoint = \"{point}\"\nveto = true\ntimeout = \"20s\"\n"
    );
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", &hook, &Guest::rejecting(429, "later"))
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(ByPath));
            let plugins = plugins.clone();
            let stored = move || {
                let plugins = plugins.clone();
                async move {
                    plugins
                        .around_data("orders.read", async { Ok("stored") })
                        .await
                }
            };
            let routes = Routes::new().get("/orders", async || "orders");
            let routes = routes.get("/stored", stored);
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap();
    let http = app.service.addresses().http;
    let status = |path| get(http, path).unwrap().status;
    (status("/orders"), status("/stored"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_point_with_a_veto_rejects_plug_1() {
    let points = HookPoint::ALL.into_iter();
    for point in points.filter(|point| point.can_veto()) {
        let expected = match point {
            // No operation calls `before_biz`.
            HookPoint::BeforeBiz => (200, 200),
            HookPoint::BeforeData => (200, 429),
            _ => (429, 429),
        };
        assert_eq!(vetoed(point).await, expected, "{}", point.as_str());
    }
}
