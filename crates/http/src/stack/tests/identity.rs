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
            extensions: http::Extensions::new(),
        };
        match request
            .headers
            .get("authorization")
            .map(|value| value.to_str().unwrap())
        {
            None => Authentication::Anonymous,
            Some("wrong") => {
                Authentication::Refused(Error::new(Code::Unauthenticated, "BAD_TOKEN", "no"))
            }
            Some("panic") => panic!("in the authenticator"),
            Some(name) if name.starts_with("slow") => {
                let identity = identity(name);
                let later: BoxFuture<'static, _> = Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok(Some(identity))
                });
                Authentication::Later(later)
            }
            Some(name) => Authentication::Known(identity(name)),
        }
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
            .map_or("nobody".to_owned(), |actor| actor.as_str().to_owned())
    };
    builder(config)
        .authenticate(Tokens)
        .build(Routes::new().get("/", who))
        .unwrap()
}

#[tokio::test]
async fn the_authentication_slot_names_the_actor_core_2() {
    let stack = authenticated(HttpConfig::default());
    assert_eq!(send(&stack, with_token("ada")).await.body, "ada");
    assert_eq!(send(&stack, with_token("slow-ada")).await.body, "slow-ada");
    assert_eq!(get(&stack, "/").await.body, "nobody");
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
async fn users_behind_one_address_have_budgets_of_their_own_res_6() {
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
async fn guessing_credentials_is_limited_by_address_before_they_are_checked_auth_2() {
    let stack = authenticated(limited(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(&stack, with_token("wrong")).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
}
