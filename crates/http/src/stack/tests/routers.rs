use std::fs;

use axum::{
    Router,
    extract::{ConnectInfo, FromRef, MatchedPath, Path, Request as AxumRequest, State},
    middleware::{self, Next},
    response::Response as AxumResponse,
    routing,
};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

use super::{identity::Tokens, *};
use crate::{RouteError, StackError};

mod mounts;

/// A tower layer that marks every response that passes it.
fn marked() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding("x-marked".parse().unwrap(), HeaderValue::from_static("yes"))
}

fn sized(path: &str, body: &'static str) -> Request<Body> {
    Request::post(path).body(Body::from(body)).unwrap()
}

fn open() -> RouteOptions {
    RouteOptions::new().access(Access::Public)
}

#[tokio::test]
async fn layer_covers_all_routes_added_so_far_api_1() {
    let routes = Routes::new()
        .get("/a", async || "a")
        .post("/b", async || "b")
        .nest_service("/c", Router::new().route("/d", routing::get(async || "d")))
        .layer(marked())
        .get("/later", async || "later");
    let stack = stack(routes);
    assert_eq!(get(&stack, "/a").await.header("x-marked"), "yes");
    assert_eq!(get(&stack, "/c/d").await.header("x-marked"), "yes");
    let posted = send(&stack, request(Method::POST, "/b")).await;
    assert_eq!(
        (posted.status, posted.header("x-marked")),
        (StatusCode::OK, "yes")
    );
    for (path, status) in [("/later", 200), ("/none", 404), ("/b", 405)] {
        let response = get(&stack, path).await;
        assert_eq!(response.status, status, "{path}");
        assert_eq!(response.header("x-marked"), "", "{path}");
    }
}

#[tokio::test]
async fn layer_on_one_route_leaves_other_routes_unchanged_api_1() {
    let routes = Routes::new()
        .route("/a", routing::get(async || "a").layer(marked()))
        .get("/b", async || "b");
    assert_eq!(routes.list()[0].methods, ["GET", "HEAD"]);
    let stack = stack(routes);
    assert_eq!(get(&stack, "/a").await.header("x-marked"), "yes");
    assert_eq!(get(&stack, "/b").await.header("x-marked"), "");
    let other = send(&stack, request(Method::DELETE, "/a")).await;
    assert_eq!(other.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(other.header("allow"), "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn layer_runs_only_for_permitted_requests_auth_5() {
    let ran = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ran);
    let watch = middleware::from_fn(move |request: AxumRequest, next: Next| {
        seen.store(true, Ordering::SeqCst);
        async move { next.run(request).await }
    });
    let routes = Routes::new()
        .post("/", async |_: axum::body::Bytes| ())
        .with_options(|options| options.roles(["moderator"]).body_limit(ByteSize::bytes(3)))
        .layer(watch);
    let stack = builder(HttpConfig::default())
        .authenticate(Tokens)
        .build(routes)
        .unwrap();
    let token = |mut request: Request<Body>, token: &str| {
        let headers = request.headers_mut();
        headers.insert("authorization", token.parse().unwrap());
        headers.insert("content-length", "4".parse().unwrap());
        request
    };
    let anonymous = send(&stack, request(Method::POST, "/")).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    let mut bob = request(Method::POST, "/");
    bob.headers_mut()
        .insert("authorization", "bob".parse().unwrap());
    assert_eq!(send(&stack, bob).await.status, StatusCode::FORBIDDEN);
    let large = send(&stack, token(sized("/", "1234"), "ada")).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!ran.load(Ordering::SeqCst));
    let mut ada = request(Method::POST, "/");
    ada.headers_mut()
        .insert("authorization", "ada".parse().unwrap());
    assert_eq!(send(&stack, ada).await.status, StatusCode::OK);
    assert!(ran.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn layer_cannot_outlive_timeout_of_its_route_res_3() {
    let hang =
        middleware::from_fn(async |_: AxumRequest, _: Next| -> AxumResponse { pending().await });
    let quick = RouteOptions::new().timeout(Timeout::from_millis(50));
    let routes = Routes::new()
        .route_with("/", routing::get(async || ()), quick)
        .layer(hang);
    let response = get(&stack(routes), "/").await;
    assert_eq!(response.problem()["reason"], "DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn merged_router_serves_paths_that_list_lacks_api_1() {
    let router = Router::new()
        .route("/", routing::get(async || "router"))
        .route(
            "/events/{id}",
            routing::get(async |Path(id): Path<u32>| id.to_string()),
        )
        .route("/echo", routing::post(async |body: String| body))
        .route("/own", routing::get(async || "never"));
    let stack = stack(
        Routes::new()
            .get("/own", async || "own")
            .merge_router(router),
    );
    assert_eq!(get(&stack, "/").await.body, "router");
    assert_eq!(get(&stack, "/events/7").await.body, "7");
    assert_eq!(get(&stack, "/own").await.body, "own");
    assert_eq!(send(&stack, sized("/echo", "hi")).await.body, "hi");
    let unknown = get(&stack, "/none").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.problem()["reason"], "NOT_FOUND");
}

#[tokio::test]
async fn merged_router_keeps_one_label_in_metrics_obs_4() {
    let (telemetry, _) = telemetry();
    let router = Router::new().route("/events/{id}", routing::get(async || ()));
    let files = Router::new().fallback(async || ());
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(
            Routes::new()
                .nest_service("/files", files)
                .merge_router(router),
        )
        .unwrap();
    for path in [
        "/events/4711",
        "/secret-in-path",
        "/files",
        "/files/",
        "/files/4712",
    ] {
        get(&stack, path).await;
    }
    let text = telemetry.metrics().render(Format::PrometheusText);
    assert!(text.contains("path=\"/{*path}\""), "{text}");
    assert!(text.contains("path=\"/files/{*path}\""), "{text}");
    for hidden in [
        "4711",
        "4712",
        "secret",
        "path=\"/files\"",
        "path=\"/events",
    ] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

#[tokio::test]
async fn limit_of_route_replaces_default_limit_of_axum_sec_3() {
    const TWO_MEGABYTES: usize = 2 << 20;
    let options = RouteOptions::new().body_limit(ByteSize::bytes(TWO_MEGABYTES as u64 + 2));
    let length = async |body: axum::body::Bytes| body.len().to_string();
    let router = Router::new().route("/mounted", routing::post(length));
    let routes = Routes::new()
        .route_with("/own", routing::post(length), options.clone())
        .merge_router_with(router, options);
    let stack = stack(routes);
    for path in ["/own", "/mounted"] {
        let fits = Request::post(path).body(Body::from(vec![0; TWO_MEGABYTES + 1]));
        let response = send(&stack, fits.unwrap()).await;
        assert_eq!(response.body, (TWO_MEGABYTES + 1).to_string(), "{path}");
        let large = Request::post(path).body(Body::from(vec![0; TWO_MEGABYTES + 3]));
        let response = send(&stack, large.unwrap()).await;
        assert_eq!(response.problem()["reason"], "BODY_TOO_LARGE", "{path}");
    }
}

#[tokio::test]
async fn nested_router_sees_parameters_and_template_of_its_prefix_api_1() {
    let show = async |matched: MatchedPath, Path(ids): Path<(String, u32)>| {
        format!("{} {} {}", matched.as_str(), ids.0, ids.1)
    };
    let events = Router::new().route("/events/{id}", routing::get(show));
    let routes = Routes::new().nest("/{tenant}", Routes::new().nest_service("/v1", events));
    assert_eq!(routes.list()[0].path, "/{tenant}/v1/{*path}");
    let response = get(&stack(routes), "/city/v1/events/7").await;
    assert_eq!(response.body, "/{tenant}/v1/events/{id} city 7");
}

#[tokio::test]
async fn own_state_and_its_parts_reach_handlers_and_layers_api_1() {
    #[derive(Clone)]
    struct App {
        name: &'static str,
        seats: Seats,
    }
    #[derive(Clone, Copy)]
    struct Seats(u32);
    impl FromRef<App> for Seats {
        fn from_ref(app: &App) -> Self {
            app.seats
        }
    }
    let app = App {
        name: "hall",
        seats: Seats(7),
    };
    let mark = async |State(app): State<App>, request: AxumRequest, next: Next| {
        let mut response = next.run(request).await;
        response
            .headers_mut()
            .insert("x-app", HeaderValue::from_static(app.name));
        response
    };
    let seats = async |State(Seats(left)): State<Seats>| left.to_string();
    let router = Router::new().route("/merged", routing::get(seats));
    let routes = Routes::new()
        .get("/own", seats)
        .merge_router(router)
        .layer(middleware::from_fn_with_state(app.clone(), mark))
        .with_state(app);
    let stack = stack(routes);
    for path in ["/own", "/merged"] {
        let response = get(&stack, path).await;
        assert_eq!(
            (&*response.body, response.header("x-app")),
            ("7", "hall"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn connect_info_is_the_peer_and_context_the_forwarded_client_sec_6() {
    let config = HttpConfig {
        trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
        ..HttpConfig::default()
    };
    let who = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        let client = context::current().unwrap().client_address().unwrap();
        format!("{peer} {client}")
    };
    let router = Router::new().route("/merged", routing::get(who));
    let stack = stack_with(config, Routes::new().get("/own", who).merge_router(router));
    for path in ["/own", "/merged"] {
        let mut request = request(Method::GET, path);
        request
            .headers_mut()
            .insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        assert_eq!(
            send(&stack, request).await.body,
            "192.0.2.1:4711 203.0.113.9"
        );
    }
}
