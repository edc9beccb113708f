//! A flood of anonymous requests to a service whose plugin has a hook of the authentication.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use http::request::Parts;
use seaworthy_core::{Actor, Grants, RequestContext};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions, Routes};
use seaworthy_testkit::http::request;

use crate::{app::Setup, guest::Guest};

/// About two milliseconds, so a few calls use up a share of 5 %. The hook then proceeds.
const BURN: &str = "(local $left i32)
    (local.set $left (i32.const 2000000))
    (loop $next
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 16)";
const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_auth\"\nveto = true\ntimeout = \"20s\"\n";
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

/// Sends a request from an address behind the proxy. Returns its status.
fn status(http: SocketAddr, address: &str, authorization: &[(&str, &str)]) -> u16 {
    let mut headers = vec![("x-forwarded-for", address)];
    headers.extend(authorization);
    request(http, "GET", "/orders", &headers, "")
        .unwrap()
        .status
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_flood_leaves_authentication_to_known_callers_plug_2() {
    let app = Setup::new()
        .set("server.http.trusted_proxies=127.0.0.1/32")
        .config(|config| config.security.max_cpu_percent = Some(5))
        .plugin("guard", HOOK, &Guest::hook(BURN))
        .start_with(|service, plugins| {
            service.authenticate(plugins.authentication(Bearer));
            let routes = Routes::new().get("/orders", async || "orders");
            service.http(routes.with_options(|options| options.access(Access::Optional)));
        })
        .await
        .unwrap();
    let http = app.service.addresses().http;
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
                    if status(http, &address, &[]) == 503 {
                        let _ = sender.send(());
                    }
                }
            })
        })
        .collect();
    // Each request of the known caller begins when the anonymous callers have used up their part.
    let statuses: Vec<u16> = (0..REQUESTS)
        .map(|_| {
            while exhausted.try_recv().is_ok() {}
            exhausted.recv().unwrap();
            status(http, "192.0.2.1", &[("authorization", "Bearer x")])
        })
        .collect();
    ended.store(true, Ordering::Relaxed);
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    assert_eq!(statuses, [200; REQUESTS]);
}
