use super::*;

#[tokio::test]
async fn response_carries_request_id_and_trace_obs_7() {
    let stack = stack(Routes::new().get("/", async || {
        context::current().unwrap().request_id().to_string()
    }));
    let made = get(&stack, "/").await;
    assert_eq!(made.header("x-request-id"), made.body);
    assert!(RequestId::parse(made.body.as_bytes()).is_ok());
    assert_eq!(made.header("traceparent").len(), 55);

    let mut kept = request(Method::GET, "/");
    kept.headers_mut()
        .insert("x-request-id", "order-17".parse().unwrap());
    assert_eq!(send(&stack, kept).await.header("x-request-id"), "order-17");

    let mut replaced = request(Method::GET, "/");
    replaced
        .headers_mut()
        .insert("x-request-id", "a b".parse().unwrap());
    assert_ne!(send(&stack, replaced).await.header("x-request-id"), "a b");

    let mut doubled = request(Method::GET, "/");
    doubled
        .headers_mut()
        .append("x-request-id", "a".parse().unwrap());
    doubled
        .headers_mut()
        .append("x-request-id", "b".parse().unwrap());
    assert_eq!(send(&stack, doubled).await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problem_documents_api_2() {
    let stack = stack(Routes::new().get("/things/{id}", async || "thing"));
    let missing = get(&stack, "/nothing").await;
    assert_eq!(missing.problem()["reason"], "ROUTE_NOT_FOUND");
    assert_eq!(missing.status, StatusCode::NOT_FOUND);

    let refused = send(&stack, request(Method::PUT, "/things/7")).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
    assert_eq!(refused.problem()["reason"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn head_and_options_get_response_without_handler_api_2() {
    let stack = stack(Routes::new().get("/", async || "hello"));
    let head = send(&stack, request(Method::HEAD, "/")).await;
    assert_eq!(
        (head.status, head.header("content-length"), &*head.body),
        (StatusCode::OK, "5", "")
    );
    let options = send(&stack, request(Method::OPTIONS, "/")).await;
    assert_eq!(options.status, StatusCode::NO_CONTENT);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let missing = send(&stack, request(Method::HEAD, "/nothing")).await;
    assert_eq!(
        (missing.status, &*missing.body),
        (StatusCode::NOT_FOUND, "")
    );
    assert_ne!(missing.header("content-length"), "0");
}

#[tokio::test]
async fn cause_of_a_handler_error_stays_private_sec_4() {
    let stack = stack(Routes::new().get("/", async || -> Result<Json<u8>, Error> {
        Err(Error::internal("password of db is hunter2"))
    }));
    let response = get(&stack, "/").await;
    assert_eq!(response.problem()["code"], "INTERNAL");
    assert!(!response.body.contains("hunter2"));
}

#[tokio::test]
async fn a_panic_is_a_plain_500_with_the_request_id_obs_8() {
    let stack = stack(Routes::new().get("/", async || -> &'static str { panic!("secret detail") }));
    let response = get(&stack, "/").await;
    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.problem()["reason"], "INTERNAL");
    assert!(!response.body.contains("secret"));
    assert_eq!(
        get(&stack, "/").await.status,
        response.status,
        "the stack goes on"
    );
}

#[tokio::test]
async fn panic_in_streamed_body_breaks_response_obs_8() {
    let stack = stack(Routes::new().get("/", async || {
        Body::from_stream(futures::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<&'static str, std::io::Error>>> {
                panic!("in the body")
            },
        ))
    }));
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    let response = stack
        .connection(peer, false)
        .oneshot(request(Method::GET, "/"))
        .await
        .unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn plain_error_texts_are_replaced_bare_statuses_explained_sec_4() {
    let stack = stack(
        Routes::new()
            .get("/leaks", async || {
                (StatusCode::INTERNAL_SERVER_ERROR, "SELECT * FROM users")
            })
            .get("/bare", async || StatusCode::CONFLICT)
            .get("/teapot", async || StatusCode::IM_A_TEAPOT)
            .get("/own", async || {
                (StatusCode::BAD_REQUEST, "in my own words")
            }),
    );
    let leaks = get(&stack, "/leaks").await;
    assert!(!leaks.body.contains("SELECT"));
    assert_eq!(leaks.problem()["code"], "INTERNAL");
    assert_eq!(get(&stack, "/bare").await.problem()["status"], 409);
    assert_eq!(get(&stack, "/teapot").await.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(get(&stack, "/own").await.body, "in my own words");
}
