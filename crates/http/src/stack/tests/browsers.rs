use super::*;

#[tokio::test]
async fn preflights_get_response_for_every_path_sec_2() {
    let mut config = HttpConfig::default();
    config.cors.enabled = true;
    config.cors.allowed_origins = vec!["https://app.example".to_owned()];
    let stack = stack_with(config, Routes::new().get("/", async || "hello"));
    for path in ["/", "/nothing"] {
        let mut preflight = request(Method::OPTIONS, path);
        let headers = preflight.headers_mut();
        headers.insert("origin", "https://app.example".parse().unwrap());
        headers.insert("access-control-request-method", "PUT".parse().unwrap());
        let response = send(&stack, preflight).await;
        assert_eq!(response.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(
            response.header("access-control-allow-origin"),
            "https://app.example"
        );
    }
    let mut refused = request(Method::PUT, "/");
    refused
        .headers_mut()
        .insert("origin", "https://app.example".parse().unwrap());
    let response = send(&stack, refused).await;
    assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        response.header("access-control-allow-origin"),
        "https://app.example"
    );
}

#[tokio::test]
async fn every_response_has_security_headers_and_no_banner_sec_4() {
    let stack = stack(Routes::new().get("/", async || "hello"));
    for path in ["/", "/nothing"] {
        let response = get(&stack, path).await;
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert!(!response.headers.contains_key("server"));
    }
}

#[tokio::test]
async fn a_forged_request_never_reaches_its_route_auth_3() {
    let routes = || Routes::new().post("/logout", async || "done");
    let forged = || {
        let mut request = request(Method::POST, "/logout");
        let headers = request.headers_mut();
        headers.insert("cookie", "__Host-refresh_token=x".parse().unwrap());
        headers.insert("origin", "https://evil.example".parse().unwrap());
        request
    };
    let response = send(&stack(routes()), forged()).await;
    assert_eq!(response.status, StatusCode::FORBIDDEN);
    let config = HttpConfig {
        reject_cross_site_cookies: false,
        ..HttpConfig::default()
    };
    let response = send(&stack_with(config, routes()), forged()).await;
    assert_eq!(response.status, StatusCode::OK);
}

#[tokio::test]
async fn another_site_gets_no_session_by_a_form_without_cookies_auth_4() {
    let set = async || [("set-cookie", "refresh_token=x")];
    let routes = Routes::new()
        .post("/login", set)
        .with_options(RouteOptions::sets_session)
        .merge(Routes::new().post("/subscribe", async || "done"));
    let stack = stack(routes);
    let asked = async |path, header: Option<(&'static str, &str)>| {
        let mut request = request(Method::POST, path);
        let headers = request.headers_mut();
        headers.insert("content-type", "text/plain".parse().unwrap());
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        send(&stack, request).await
    };
    for forged in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let response = asked("/login", Some(forged)).await;
        assert_eq!(response.status, StatusCode::FORBIDDEN, "{forged:?}");
        assert_eq!(response.problem()["reason"], "CROSS_SITE_REQUEST");
        assert_eq!(response.header("set-cookie"), "");
        // A route without sessions needs no guard against requests without cookies.
        let response = asked("/subscribe", Some(forged)).await;
        assert_eq!(response.status, StatusCode::OK, "{forged:?}");
    }
    for own in [None, Some(("sec-fetch-site", "same-origin"))] {
        let response = asked("/login", own).await;
        assert_eq!(response.header("set-cookie"), "refresh_token=x", "{own:?}");
    }
}
