use super::*;

#[tokio::test]
async fn mounted_service_declares_access_for_all_its_paths_auth_5() {
    let router = || Router::new().route("/in", routing::get(async || "in"));
    let build = |options| {
        builder(HttpConfig::default())
            .authenticate(Tokens)
            .build(Routes::new().nest_service_with("/files", router(), options))
    };
    let refused = build(RouteOptions::new()).unwrap_err();
    let path = "/files/{*path}".to_owned();
    assert_eq!(refused, StackError::Route(RouteError::Undeclared { path }));
    let stack = build(RouteOptions::new().roles(["moderator"])).unwrap();
    for path in [
        "/files",
        "/files/",
        "/files/in",
        "/files/%69n",
        "/files/none",
    ] {
        assert_eq!(
            get(&stack, path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let mut ada = request(Method::GET, "/files/in");
    ada.headers_mut()
        .insert("authorization", "ada".parse().unwrap());
    assert_eq!(send(&stack, ada).await.body, "in");
    assert_eq!(get(&build(open()).unwrap(), "/files/in").await.body, "in");
}

#[tokio::test(start_paused = true)]
async fn mounted_service_keeps_timeout_and_body_limit_sec_3() {
    let router = Router::new()
        .route("/slow", routing::get(async || pending::<()>().await))
        .route("/echo", routing::post(async |body: String| body));
    let options = RouteOptions::new()
        .timeout(Timeout::from_millis(50))
        .body_limit(ByteSize::bytes(3));
    let stack = stack(Routes::new().merge_router_with(router, options));
    let slow = get(&stack, "/slow").await;
    assert_eq!(slow.problem()["reason"], "DEADLINE_EXCEEDED");
    let large = send(&stack, sized("/echo", "1234")).await;
    assert_eq!(large.problem()["reason"], "BODY_TOO_LARGE");
    assert_eq!(send(&stack, sized("/echo", "123")).await.body, "123");
}

#[tokio::test]
async fn serve_dir_serves_files_under_prefix_api_1() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("public")).unwrap();
    fs::write(folder.path().join("public/app.js"), "let a = 1").unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let files = ServeDir::new(folder.path().join("public"));
    let stack = stack(
        Routes::new()
            .get("/", async || "page")
            .nest_service("/assets/", files),
    );
    let found = get(&stack, "/assets/app.js").await;
    assert_eq!(found.body, "let a = 1");
    assert_eq!(found.header("content-type"), "text/javascript");
    assert_eq!(found.header("x-content-type-options"), "nosniff");
    let head = send(&stack, request(Method::HEAD, "/assets/app.js")).await;
    assert_eq!((head.header("content-length"), &*head.body), ("9", ""));
    for path in [
        "/assets/none",
        "/assets/../secret",
        "/assets/%2e%2e/secret",
        "/assets",
        "/app.js",
    ] {
        assert_eq!(
            get(&stack, path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(get(&stack, "/").await.body, "page");
}

#[test]
fn two_mounts_of_one_prefix_are_rejected_life_1() {
    let refused = |routes: Routes| match builder(HttpConfig::default()).build(routes) {
        Err(StackError::Route(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let twice = Routes::new()
        .nest_service("/a", Router::new())
        .nest_service("/a/", Router::new());
    assert_eq!(
        refused(twice),
        r#"route "/a/{*path}": GET has two handlers"#
    );
    for prefix in ["a", "", "/{*rest}", "/:id", "/{id", "/{a}{b}"] {
        let routes = Routes::new().nest_service(prefix, Router::new());
        assert!(refused(routes).starts_with("route "), "{prefix}");
    }
}

#[tokio::test]
async fn disguised_path_of_guarded_route_reaches_no_mount_auth_5() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    fs::write(folder.path().join("private/x"), "secret").unwrap();
    for name in ["one", "two"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let all = ServeDir::new(folder.path());
    let private = ServeDir::new(folder.path().join("private"));
    let guarded = || RouteOptions::new().roles(["moderator"]);
    let stack = builder(HttpConfig::default())
        .authenticate(Tokens)
        .build(
            Routes::new()
                .route_with("/files/one", routing::get(async || "one"), guarded())
                .nest_service_with("/files", all, open())
                .nest_service_with("/files/private", private, guarded()),
        )
        .unwrap();
    assert_eq!(get(&stack, "/files/t%77o").await.body, "two");
    for path in ["/files/private/x", "/files/private//x", "/files/one"] {
        let response = get(&stack, path).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [
        "/files//private/x",
        "/files/%70rivate/x",
        "/files/./private/x",
        "/files/%2e/private/x",
        "/files/private%2fx",
        "/files/two/../private/x",
        "/files//one",
        "/files/one/",
        "/files/%6fne",
    ] {
        let response = get(&stack, path).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
    }
}
