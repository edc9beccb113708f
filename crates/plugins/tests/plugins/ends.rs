//! The hooks after requests whose handler does not return.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
};

use seaworthy_core::Error;
use seaworthy_http::Routes;
use seaworthy_testkit::{
    eventually,
    http::{get, request},
};
use tokio::sync::mpsc;

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

/// The points after the requests of these tests.
const POINTS: [&str; 3] = ["after_request", "after_response", "biz_error"];

/// Starts a service whose route `/wait` runs an endless operation and `/panic` a panicking one. The
/// receiver gets a message when an operation begins.
async fn start() -> (TestApp, mpsc::UnboundedReceiver<()>) {
    let mut setup = Setup::new().config(|config| config.security.max_cpu_percent = Some(100));
    for point in POINTS {
        let hook = format!("[[hooks]]\nname = \"note\"\npoint = \"{point}\"\ntimeout = \"20s\"\n");
        setup = setup.plugin(point, &hook, &Guest::failing("seen"));
    }
    let (sender, begun) = mpsc::unbounded_channel();
    let app = setup
        .start_with(|service, plugins| {
            let (waiting, failing) = (plugins.clone(), plugins.clone());
            let wait = move || {
                let (plugins, sender) = (waiting.clone(), sender.clone());
                async move {
                    let work = async {
                        sender.send(()).unwrap();
                        std::future::pending::<Result<&str, Error>>().await
                    };
                    plugins.around_business("wait", work).await
                }
            };
            let panic = move || {
                let plugins = failing.clone();
                async move {
                    #[expect(clippy::panic, reason = "the handler of this test panics")]
                    let work = async { panic!("a handler panics in this test") };
                    plugins.around_business::<&str>("panic", work).await
                }
            };
            service.http(Routes::new().get("/wait", wait).get("/panic", panic));
        })
        .await
        .unwrap();
    (app, begun)
}

/// Waits until each point called its hook once.
async fn called(app: &TestApp) {
    for point in POINTS {
        let counted = format!("plugin_hook_failures_total{{plugin=\"{point}\"}}");
        eventually(async || app.metric(&counted) > 0).await;
        assert_eq!(app.metric(&counted), 1, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timed_out_request_calls_its_last_hooks_plug_1() {
    let (app, _begun) = start().await;
    let address = app.service.addresses().http;
    let header = [("x-request-timeout-ms", "500")];
    let response = request(address, "GET", "/wait", &header, "").unwrap();
    assert_eq!(response.status, 504);
    called(&app).await;
}

/// Sends a request, and closes the connection when its operation runs.
async fn leave(address: SocketAddr, begun: &mut mpsc::UnboundedReceiver<()>) {
    let mut client = TcpStream::connect(address).unwrap();
    let head = format!("GET /wait HTTP/1.1\r\nhost: {address}\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    begun.recv().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn request_of_a_lost_client_calls_its_last_hooks_plug_1() {
    let (app, mut begun) = start().await;
    leave(app.service.addresses().http, &mut begun).await;
    called(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panicking_request_calls_its_last_hooks_plug_1() {
    let (app, _begun) = start().await;
    let response = get(app.service.addresses().http, "/panic").unwrap();
    assert_eq!(response.status, 500);
    called(&app).await;
}
