use super::*;

pub(super) struct Tokens;

impl Authenticate for Tokens {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        _: &RouteOptions,
    ) -> Authentication {
        let identity = |name: &str| Identity {
            actor: Actor::new(name),
            tenant: None,
            grants: match name {
                "ada" => Grants::new(["moderator"], ["read", "write"]),
                _ => Grants::default(),
            },
            attachment: None,
        };
        match request
            .headers
            .get("authorization")
            .map(|value| value.to_str().unwrap())
        {
            None => Authentication::Anonymous,
            Some("wrong") => {
                Authentication::Rejected(Error::new(Code::Unauthenticated, "BAD_TOKEN", "no"))
            }
            Some("panic") => panic!("in the authenticator"),
            Some(name) if name.starts_with("slow") => {
                let identity = identity(name);
                let later: BoxFuture<'static, _> = Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok(Some(identity))
                });
                Authentication::Pending(later)
            }
            Some(name) => Authentication::Authenticated(identity(name)),
        }
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        let scopes: Vec<_> = route.required_scopes().collect();
        let text = format!(
            "Test reason={}, scope={}",
            rejection.reason(),
            scopes.join("+")
        );
        HeaderValue::try_from(text).ok()
    }
}

pub(super) fn with_token(token: &str) -> Request<Body> {
    let mut request = request(Method::GET, "/");
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    request
}

fn authenticated(config: HttpConfig) -> Stack {
    let who = async || {
        let context = context::current().unwrap();
        context
            .actor()
            .map_or("anonymous".to_owned(), |actor| actor.as_str().to_owned())
    };
    builder(config)
        .authenticate(Tokens)
        .build(
            Routes::new()
                .get("/", who)
                .with_options(|options| options.access(Access::Optional)),
        )
        .unwrap()
}

fn guarded(options: RouteOptions) -> Result<Stack, StackError> {
    let routes = Routes::new()
        .get("/", async || "in")
        .with_options(|_| options.clone());
    builder(HttpConfig::default())
        .authenticate(Tokens)
        .build(routes)
}

#[tokio::test]
async fn route_requires_roles_and_scopes_and_denies_by_default_auth_5() {
    let cases = [
        (RouteOptions::new().access(Access::Public), 200, 200, 200),
        (RouteOptions::new().access(Access::Optional), 200, 200, 200),
        (
            RouteOptions::new().access(Access::Authenticated),
            401,
            200,
            200,
        ),
        (
            RouteOptions::new().roles(["admin", "moderator"]),
            401,
            403,
            200,
        ),
        (RouteOptions::new().roles(["admin"]), 401, 403, 403),
        (RouteOptions::new().scopes(["read", "write"]), 401, 403, 200),
        (
            RouteOptions::new().scopes(["read", "delete"]),
            401,
            403,
            403,
        ),
        (
            RouteOptions::new().scopes(["read"]).roles(["admin"]),
            401,
            403,
            403,
        ),
    ];
    for (options, anonymous, bob, ada) in cases {
        let stack = guarded(options.clone()).unwrap();
        assert_eq!(get(&stack, "/").await.status, anonymous, "{options:?}");
        for (name, expected) in [("bob", bob), ("slow-bob", bob), ("ada", ada)] {
            let response = send(&stack, with_token(name)).await;
            assert_eq!(response.status, expected, "{name} {options:?}");
        }
    }
}

#[tokio::test]
async fn rejection_names_permission_and_is_counted_auth_5() {
    let stack = guarded(RouteOptions::new().scopes(["read", "delete"])).unwrap();
    let response = send(&stack, with_token("ada")).await;
    assert_eq!(
        response.headers["www-authenticate"],
        "Test reason=INSUFFICIENT_SCOPE, scope=read+delete"
    );
    assert_eq!(response.problem()["reason"], "INSUFFICIENT_SCOPE");
    let response = get(&stack, "/").await;
    assert_eq!(
        response.headers["www-authenticate"],
        "Test reason=CREDENTIALS_MISSING, scope=read+delete"
    );
}

#[test]
fn a_route_that_declares_nothing_is_an_error_of_the_start_auth_5() {
    let error = guarded(RouteOptions::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "route \"/\" does not declare who may call: set its access, roles or scopes"
    );
    let open = RouteOptions::new().roles(["admin"]).access(Access::Public);
    assert!(guarded(open).is_err());
    let routes = Routes::new()
        .get("/", async || "in")
        .with_options(|_| RouteOptions::new().access(Access::Authenticated));
    let error = builder(HttpConfig::default()).build(routes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "route \"/\" requires authentication, and the service has no authenticator"
    );
}

#[tokio::test]
async fn unknown_path_is_not_found_without_authentication_auth_5() {
    let stack = guarded(RouteOptions::new().access(Access::Authenticated)).unwrap();
    assert_eq!(get(&stack, "/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_authentication_slot_names_the_actor_core_2() {
    let stack = authenticated(HttpConfig::default());
    assert_eq!(send(&stack, with_token("ada")).await.body, "ada");
    assert_eq!(send(&stack, with_token("slow-ada")).await.body, "slow-ada");
    assert_eq!(get(&stack, "/").await.body, "anonymous");
    assert_eq!(
        send(&stack, with_token("wrong")).await.problem()["reason"],
        "BAD_TOKEN"
    );
    assert_eq!(
        send(&stack, with_token("panic")).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}

#[tokio::test]
async fn users_of_one_address_have_separate_budgets_res_6() {
    let stack = authenticated(limited(2));
    for name in ["ada", "slow-bob"] {
        assert_eq!(send(&stack, with_token(name)).await.status, StatusCode::OK);
        assert_eq!(send(&stack, with_token(name)).await.status, StatusCode::OK);
        assert_eq!(
            send(&stack, with_token(name)).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
    }
    assert_eq!(get(&stack, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn wrong_credentials_have_a_separate_limit_per_ip_auth_2() {
    let stack = authenticated(limited(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(&stack, with_token("wrong")).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    assert_eq!(send(&stack, with_token("ada")).await.status, StatusCode::OK);
    assert_eq!(get(&stack, "/").await.status, StatusCode::OK);
}
