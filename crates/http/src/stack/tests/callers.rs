use super::*;

pub(super) struct Probes {
    pub(super) ready: bool,
}

impl HealthSource for Probes {
    fn is_ready(&self) -> bool {
        self.ready
    }

    fn has_started(&self) -> bool {
        true
    }

    fn report(&self) -> String {
        "{}".to_owned()
    }
}

#[tokio::test]
async fn probes_pass_by_everything_else_hlth_5() {
    let stack = builder(limited(1))
        .health(Probes { ready: false })
        .build(Routes::new().get("/healthz", async || "my own words"))
        .unwrap();
    for _ in 0..5 {
        for path in [
            "/livez",
            "/health",
            "/startupz",
            "/orders-service/v1/health",
            "/orders/v1/health",
        ] {
            let response = get(&stack, path).await;
            assert_eq!(response.status, StatusCode::OK, "{path}");
            assert!(!response.headers.contains_key("x-request-id"));
        }
        for path in ["/readyz", "/ready"] {
            assert_eq!(
                get(&stack, path).await.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{path}"
            );
        }
    }
    assert_eq!(
        get(&stack, "/healthz").await.body,
        "my own words",
        "a route of the service replaces a probe"
    );
}

#[tokio::test]
async fn the_client_address_comes_through_trusted_proxies_only_sec_6() {
    let config = HttpConfig {
        trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
        ..HttpConfig::default()
    };
    let who = async || {
        context::current()
            .unwrap()
            .client_address()
            .unwrap()
            .to_string()
    };
    let stack = stack_with(config, Routes::new().get("/", who));
    let mut request = request(Method::GET, "/");
    request
        .headers_mut()
        .insert("x-forwarded-for", "6.6.6.6, 203.0.113.9".parse().unwrap());
    assert_eq!(send(&stack, request).await.body, "203.0.113.9");
}
