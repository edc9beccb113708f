use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_work_without_script_and_escape_user_text_sec_4() {
    let app = TestApp::start().await;
    let host = app.register("host").await;
    let id = host.publish("<b>Jazz</b> & \"more\"", 10).await;
    let anonymous = app.anonymous();
    for path in [
        "/",
        "/?q=jazz&city=Berlin&category=Music",
        "/?type=trending",
        "/?type=latest",
        "/?type=personalized",
        "/new",
        "/login",
        "/register",
        "/forgot-password",
        "/verify-email?token=x",
        "/reset-password?token=x",
        "/profile",
        "/me/events",
        "/me/joins",
        "/moderation",
        &format!("/events/{id}"),
        &format!("/events/{id}/edit"),
    ] {
        let page = anonymous.get(path).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("script-src 'self'")
                && policy
                    .ends_with("require-trusted-types-for 'script'; trusted-types city-events")
                && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert!(
            !page.text.contains(" style=") && !page.text.contains(" onclick="),
            "{path}"
        );
        let scripts = page.text.matches("<script").count();
        assert_eq!(
            scripts,
            page.text.matches("<script src=\"/assets/").count(),
            "{path}: a page has no inline script"
        );
        assert!(
            page.text.contains("<main id=\"main\"") && page.text.contains("lang=\"en\""),
            "{path}"
        );
        assert!(
            !page.text.contains("<b>Jazz"),
            "{path}: user text is not escaped"
        );
    }
    let page = anonymous.get("/").await;
    assert!(page.text.contains("&lt;b&gt;Jazz&lt;/b&gt;"), "{page:?}");
    // The client has decoded it.
    let mut vary = page.headers.get_all("vary").iter();
    assert!(vary.any(|name| name == "accept-encoding"), "{page:?}");
    assert_eq!(anonymous.get("/events/nonsense").await.status, 404);
    for (path, kind) in [
        ("/assets/app.css", "text/css"),
        ("/assets/app.js", "text/javascript"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        let asset = anonymous.get(path).await;
        assert_eq!(asset.status, 200);
        assert!(asset.header("content-type").starts_with(kind), "{path}");
    }

    // Fragments depend on the user.
    let own = host.get(&format!("/fragments/events/{id}")).await;
    assert!(
        own.text.contains("This is your event.") && own.text.contains("/edit"),
        "{own:?}"
    );
    let form = host.get(&format!("/fragments/events/{id}/edit")).await;
    assert!(form.text.contains("data-form=\"update\""), "{form:?}");
    assert_eq!(
        anonymous
            .get(&format!("/fragments/events/{id}/edit"))
            .await
            .status,
        404
    );
    assert_eq!(anonymous.get("/fragments/me/joins").await.status, 401);
    assert_eq!(anonymous.get("/fragments/moderation").await.status, 403);
    let moderator = app.sign_in("moderator").await;
    let moderation = moderator.get("/fragments/moderation").await;
    assert_eq!(moderation.status, 200);
    assert!(moderation.text.contains("Ban host"), "{moderation:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_print_only_parsed_ids_and_local_paths_sec_4() {
    let app = TestApp::start().await;
    let host = app.register("host").await;
    let id = host.publish("Jazz", 10).await;
    let anonymous = app.anonymous();
    let hostile = [
        format!("..%2F..%2Fapi%2Fevents%2F{id}%2Fview"),
        format!("..%5C..%5Capi%5Cevents%5C{id}"),
        format!("{id}%2F..%2F..%2Fapi"),
        format!("{id}%3Fa=b"),
        format!("{id}%09"),
        "%2e%2e%2f%2e%2e%2fapi".to_owned(),
        "%22%3E%3Cform%3E".to_owned(),
        "nonsense".to_owned(),
    ];
    for id in &hostile {
        for page in ["", "/people", "/edit"] {
            let path = format!("/events/{id}{page}");
            let answer = anonymous.get(&path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert!(answer.text.contains("<main id=\"main\""), "{path}");
            assert!(!answer.text.contains("data-fragment"), "{path}");
            let path = format!("/fragments/events/{id}{page}");
            let answer = anonymous.get(&path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert!(!answer.text.contains("<main"), "{path}");
        }
    }
    // A page prints an ID of another form in the usual form.
    let braces = format!("/events/%7B{}%7D", id.to_uppercase());
    let answer = anonymous.get(&braces).await;
    assert_eq!(answer.status, 200);
    let fragment = format!("data-fragment=\"/fragments/events/{id}\"");
    assert!(answer.text.contains(&fragment), "{answer:?}");

    for (next, printed) in [
        ("/%09/evil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("https://evil.example", "/"),
        ("/%2509/evil.example", "/"),
        ("/me/joins?status=active", "/me/joins?status=active"),
        ("", "/"),
    ] {
        for page in ["login", "register"] {
            let answer = anonymous.get(&format!("/{page}?next={next}")).await;
            let expected = format!("data-next=\"{printed}\"");
            assert!(answer.text.contains(&expected), "{next}: {answer:?}");
        }
    }
    app.stop().await;
}
