//! The stack under more load than its handler can serve, in simulated time.

use std::{convert::Infallible, pin::pin};

use bytes::Bytes;
use futures::future::join_all;
use seaworthy_resilience::adaptive_concurrency::Priority;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::*;
use crate::rpc::RpcStatus;

/// The paths of the handler, which are also gRPC methods.
const NORMAL: &str = "/pool/normal";
const CRITICAL: &str = "/pool/critical";
/// Connections of the pool. With 20 ms of work each, they serve 500 requests per second.
const POOL: u16 = 10;
pub(super) const WORK: Duration = Duration::from_millis(20);
/// A client disconnects if it has no response by then.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
/// The measured time at the end of a load, when the limit has settled.
const MEASURED: Duration = Duration::from_secs(5);
/// The service notices the end of an HTTP/1 client this long after the client has disconnected.
const HALF_CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// The responses of one route after the limit has settled.
#[derive(Debug, Default)]
struct Responses {
    sent: u32,
    served: u32,
    slowest_rejection: Duration,
}

impl Responses {
    fn share_served(&self) -> f64 {
        f64::from(self.served) / f64::from(self.sent)
    }
}

/// A client that disconnects after `CLIENT_TIMEOUT`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Client {
    /// Its requests are cancelled immediately.
    Http2,
    /// The service responds to it for a while, because it may have closed only its sending side.
    Http1,
    /// Its calls are cancelled immediately.
    Grpc,
}

impl Client {
    /// Returns the status of a response in time.
    pub(super) async fn get(self, stack: &Stack, path: &str) -> Option<StatusCode> {
        let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
        let request = match self {
            Self::Http1 | Self::Http2 => request(Method::GET, path),
            Self::Grpc => {
                let call = Request::post(path).header("content-type", "application/grpc");
                call.body(Body::empty()).unwrap()
            }
        };
        let call = pin!(stack.connection(peer, false).oneshot(request));
        let mut call = call.map(|response| status(&response.unwrap()));
        match (timeout(CLIENT_TIMEOUT, &mut call).await, self) {
            (Ok(status), _) => Some(status),
            (Err(_), Self::Http2 | Self::Grpc) => None,
            (Err(_), Self::Http1) => {
                let _ = timeout(HALF_CLOSE_TIMEOUT, call).await;
                None
            }
        }
    }
}

/// Returns the status of a response. A rejected gRPC call has its status in a header.
fn status(response: &http::Response<StackBody>) -> StatusCode {
    match RpcStatus::of(response.headers()).map(RpcStatus::number) {
        Some(14) => StatusCode::SERVICE_UNAVAILABLE,
        Some(1..) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(0) | None => response.status(),
    }
}

/// Returns a stack with the default settings for the protocol of a client.
fn pool_bound(client: Client, connections: u16) -> Stack {
    let pool = Arc::new(Semaphore::new(connections.into()));
    let handler = async move || {
        let _connection = pool.acquire().await.unwrap();
        sleep(WORK).await;
    };
    let critical = RouteOptions::new().priority(Priority::Critical);
    let methods = axum::routing::get(handler.clone()).post(handler);
    let routes = Routes::new().route(NORMAL, methods.clone());
    let routes = routes.route_with(CRITICAL, methods, critical);
    let stack = builder(unlimited());
    let stack = match client {
        Client::Http1 | Client::Http2 => stack,
        Client::Grpc => stack.grpc(),
    };
    stack.build(routes).unwrap()
}

/// The default settings without the rate limit, which would limit the only client.
pub(super) fn unlimited() -> HttpConfig {
    let mut config = HttpConfig::default();
    config.rate_limit.enabled = false;
    config
}

/// Sends requests at a rate and counts those of the last `MEASURED`. One of ten is critical.
async fn load(stack: &Stack, client: Client, per_second: u32, seconds: u32) -> [Responses; 2] {
    let mut calls = JoinSet::new();
    let start = Instant::now();
    for number in 0..per_second * seconds {
        let at = start + Duration::from_secs(1) * number / per_second;
        tokio::time::sleep_until(at).await;
        let stack = stack.clone();
        let is_critical = number % 10 == 0;
        calls.spawn(async move {
            let path = if is_critical { CRITICAL } else { NORMAL };
            let status = client.get(&stack, path).await;
            (is_critical, at - start, at.elapsed(), status)
        });
    }
    let settling = Duration::from_secs(seconds.into()).saturating_sub(MEASURED);
    let mut responses = [Responses::default(), Responses::default()];
    while let Some(call) = calls.join_next().await {
        let (is_critical, started, duration, status) = call.unwrap();
        if started < settling {
            continue;
        }
        let counted = &mut responses[usize::from(is_critical)];
        counted.sent += 1;
        match status {
            Some(StatusCode::OK) => counted.served += 1,
            Some(StatusCode::SERVICE_UNAVAILABLE) => {
                counted.slowest_rejection = counted.slowest_rejection.max(duration);
            }
            _ => {}
        }
    }
    responses
}

#[tokio::test]
async fn open_ended_response_is_not_in_flight_res_7() {
    let mut config = unlimited();
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let endless = async |mark: bool| {
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
        let mut response = http::Response::new(body);
        if mark {
            response.extensions_mut().insert(crate::OpenEnded);
        }
        response
    };
    let routes = Routes::new()
        .get("/", async || ())
        .get("/events", async move || endless(true).await)
        .get("/unmarked", async move || endless(false).await);
    let stack = stack_with(config, routes);
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    for (path, status) in [
        ("/events", StatusCode::OK),
        ("/unmarked", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let service = stack.connection(peer, false);
        let open = service.oneshot(request(Method::GET, path)).await.unwrap();
        assert_eq!(get(&stack, "/").await.status, status, "{path}");
        drop(open);
    }
}

#[tokio::test]
async fn anonymous_requests_have_at_most_normal_priority_res_7() {
    let mut config = unlimited();
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let endless =
        async || Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
    let critical = |access| {
        RouteOptions::new()
            .access(access)
            .priority(Priority::Critical)
    };
    let routes = Routes::new()
        .route_with(
            "/open",
            axum::routing::get(endless),
            critical(Access::Public),
        )
        .route_with(
            "/optional",
            axum::routing::get(async || ()),
            critical(Access::Optional),
        )
        .route_with(
            "/own",
            axum::routing::get(async || ()),
            critical(Access::Authenticated),
        );
    let telemetry = telemetry().0;
    let stack = Stack::builder(identity(), config, &telemetry)
        .authenticate(identity::Tokens)
        .build(routes)
        .unwrap();
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    let open = stack.connection(peer, false);
    let open = open.oneshot(request(Method::GET, "/open")).await.unwrap();
    for (path, token) in [
        ("/open", None),
        ("/optional", None),
        ("/own", None),
        ("/optional", Some("ada")),
        ("/own", Some("wrong")),
    ] {
        let mut request = request(Method::GET, path);
        if let Some(token) = token {
            let token = HeaderValue::from_static(token);
            request.headers_mut().insert("authorization", token);
        }
        let rejected = stack
            .connection(peer, false)
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(rejected.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    drop(open);
    let text = telemetry.metrics().render(Format::PrometheusText);
    for (priority, rejected) in [("critical", 3), ("normal", 2)] {
        let line = format!("priority=\"{priority}\"}} {rejected}\n");
        assert!(text.contains(&line), "{text}");
    }
}

/// Otherwise clients that close their sending side would not be limited.
#[tokio::test]
async fn responses_to_half_closed_clients_are_measured_res_7() {
    let handler = async || sleep(WORK).await;
    let stack = stack_with(unlimited(), Routes::new().get("/", handler));
    let config = ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    };
    let listener = Listener::bind(&config).await.unwrap();
    let address = listener.local_addr();
    let served = stack.clone();
    let _server =
        listener.serve_with(move |connection| served.connection(connection.peer(), false));
    let request = async || {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        client.write_all(request).await.unwrap();
        client.shutdown().await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    };
    let measured = async {
        while !stack.has_base_latency() {
            join_all((0..20).map(|_| request())).await;
        }
    };
    timeout(Duration::from_secs(20), measured).await.unwrap();
}

/// Sends 4 s of half of the capacity, and then a rate. Checks the last responses.
async fn overload(client: Client, connections: u16, percent: u32, seconds: u32) {
    let stack = pool_bound(client, connections);
    let capacity = 50 * u32::from(connections);
    load(&stack, client, capacity / 2, 4).await;
    let responses = load(&stack, client, capacity * percent / 100, seconds).await;
    let case = format!("{client:?}, {connections} connections, {percent} %: {responses:?}");
    let [normal, critical] = responses;
    let served = f64::from(normal.served + critical.served);
    let goodput = served / MEASURED.as_secs_f64() / f64::from(capacity);
    assert!(goodput > 0.95, "{goodput}: {case}");
    let slowest = normal.slowest_rejection.max(critical.slowest_rejection);
    assert!(slowest < Duration::from_millis(50), "{case}");
    assert!(critical.share_served() > 0.9, "{case}");
}

#[tokio::test(start_paused = true)]
async fn default_settings_keep_goodput_at_four_times_the_capacity_res_7() {
    for client in [Client::Http1, Client::Http2] {
        for connections in [POOL, 2] {
            overload(client, connections, 400, 8).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn default_settings_keep_grpc_goodput_at_four_times_capacity_res_7() {
    for connections in [POOL, 2] {
        overload(Client::Grpc, connections, 400, 8).await;
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_leave_end_a_long_queue_res_7() {
    for client in [Client::Http1, Client::Http2] {
        for connections in [POOL, 2] {
            // The wait in the queue reaches the timeout of the clients after 10 s.
            overload(client, connections, 110, 30).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn burst_below_half_of_the_limit_is_served_res_7() {
    let stack = pool_bound(Client::Http1, POOL);
    load(&stack, Client::Http1, 250, 4).await;
    let burst = (0..400).map(|_| get(&stack, NORMAL));
    let responses = join_all(burst).await;
    assert!(
        responses
            .iter()
            .all(|response| response.status == StatusCode::OK)
    );
}

/// The clients of a crowd send their next request after a response. A request waits for 800 ms.
#[tokio::test(start_paused = true)]
async fn patient_crowd_below_half_of_the_limit_is_served_res_7() {
    let stack = pool_bound(Client::Http1, POOL);
    load(&stack, Client::Http1, 250, 4).await;
    let clients = (0..400).map(async |_| {
        for _ in 0..5 {
            assert_eq!(get(&stack, NORMAL).await.status, StatusCode::OK);
        }
    });
    join_all(clients).await;
}
