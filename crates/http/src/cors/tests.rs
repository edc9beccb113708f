use super::*;

fn config(origins: &[&str]) -> CorsConfig {
    CorsConfig {
        enabled: true,
        allowed_origins: origins.iter().map(ToString::to_string).collect(),
        ..CorsConfig::default()
    }
}

fn request(origin: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
    headers
}

fn response(cors: &Cors, request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    cors.classify(request).apply(&mut headers);
    headers
}

#[test]
fn a_named_origin_is_echoed_and_varied_by_sec_2() {
    let cors = Cors::new(&config(&["https://app.example.org"])).unwrap();
    let allowed = response(&cors, &request("https://app.example.org"));
    assert_eq!(
        allowed["access-control-allow-origin"],
        "https://app.example.org"
    );
    assert_eq!(allowed["vary"], "origin");
    assert!(!allowed.contains_key("access-control-allow-credentials"));
    for refused in [
        "https://app.example.org.evil.example",
        "http://app.example.org",
        "https://APP.example.org:444",
        "null",
    ] {
        let headers = response(&cors, &request(refused));
        assert!(
            !headers.contains_key("access-control-allow-origin"),
            "{refused}"
        );
        assert_eq!(headers["vary"], "origin");
    }
    let without = response(&cors, &HeaderMap::new());
    assert_eq!(
        without["vary"], "origin",
        "a cache must not reuse it for a cross-origin page"
    );
}

#[test]
fn vary_header_of_handler_is_kept_sec_2() {
    let cors = Cors::new(&config(&["https://a.example"])).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    cors.classify(&request("https://a.example"))
        .apply(&mut headers);
    let lines: Vec<_> = headers.get_all(header::VARY).iter().collect();
    assert_eq!(lines, ["accept-encoding", "origin"]);
}

#[test]
fn invalid_value_names_its_setting_conf_1() {
    let key = |config: CorsConfig| Cors::new(&config).unwrap_err().key();
    let origins = || config(&["https://a.example"]);
    let list = |name: &str| vec![name.to_owned()];
    assert_eq!(key(config(&["https://a.example/"])), "cors.allowed_origins");
    assert_eq!(
        key(CorsConfig {
            allowed_methods: list(""),
            ..origins()
        }),
        "cors.allowed_methods"
    );
    assert_eq!(
        key(CorsConfig {
            allowed_headers: list("a b"),
            ..origins()
        }),
        "cors.allowed_headers"
    );
    assert_eq!(
        key(CorsConfig {
            exposed_headers: list("a b"),
            ..origins()
        }),
        "cors.exposed_headers"
    );
}

#[test]
fn any_origin_is_a_star_and_never_with_credentials_sec_2() {
    let cors = Cors::new(&config(&["*"])).unwrap();
    let headers = response(&cors, &request("https://anyone.example"));
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(!headers.contains_key("vary"));
    let wrong = CorsConfig {
        allow_credentials: true,
        ..config(&["*"])
    };
    assert_eq!(
        Cors::new(&wrong).unwrap_err(),
        CorsError::AnyWithCredentials
    );
}

#[test]
fn rejected_preflight_has_no_cors_headers_sec_2() {
    let cors = Cors::new(&CorsConfig {
        allow_credentials: true,
        ..config(&["https://a.example"])
    })
    .unwrap();
    let preflight = |origin| {
        let mut headers = request(origin);
        headers.insert(
            header::ACCESS_CONTROL_REQUEST_METHOD,
            HeaderValue::from_static("PUT"),
        );
        let found = cors.classify(&headers);
        let mut response = cors.preflight(&Method::OPTIONS, &headers, &found).unwrap();
        found.apply(&mut response);
        response
    };
    let allowed = preflight("https://a.example");
    assert_eq!(allowed["access-control-allow-origin"], "https://a.example");
    assert_eq!(allowed["access-control-allow-credentials"], "true");
    assert!(
        allowed["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("PUT")
    );
    assert_eq!(allowed["access-control-max-age"], "600");
    assert!(
        allowed["vary"]
            .to_str()
            .unwrap()
            .contains("access-control-request-headers")
    );
    let refused = preflight("https://b.example");
    assert_eq!(refused.len(), 1, "{refused:?}");
}

#[test]
fn plain_options_request_is_not_a_preflight_sec_2() {
    let cors = Cors::new(&config(&["https://a.example"])).unwrap();
    let headers = request("https://a.example");
    let found = cors.classify(&headers);
    assert!(cors.preflight(&Method::OPTIONS, &headers, &found).is_none());
}

#[test]
fn origins_change_while_running_and_a_bad_list_changes_nothing_conf_4() {
    let cors = Cors::new(&config(&["https://a.example"])).unwrap();
    cors.reload(&config(&["https://b.example"])).unwrap();
    let allowed =
        |origin| response(&cors, &request(origin)).contains_key("access-control-allow-origin");
    assert!(!allowed("https://a.example") && allowed("https://b.example"));
    for wrong in [
        "b.example",
        "https://b.example/",
        "https://*.example",
        "https://B.example",
    ] {
        assert!(
            matches!(cors.reload(&config(&[wrong])), Err(CorsError::Origin(_))),
            "{wrong}"
        );
    }
    assert!(allowed("https://b.example"));
}
