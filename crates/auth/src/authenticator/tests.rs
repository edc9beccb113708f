//! Bearer tokens in the stack of HTTP and of gRPC.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    BearerAuthentication, BearerConfig,
    token::{
        Algorithm, ClockReading, Issuer, IssuerConfig, NewToken, Revocation, RevocationStatus,
        Revocations, SigningKey, TokenError, TokenSigner, TokenSignerConfig, TokenVerifier,
        VerifiedToken,
    },
};
use axum::{Extension, body::Body};
use futures::FutureExt as _;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use seaworthy_core::{ServiceIdentity, Timeout, context};
use seaworthy_http::{Access, HttpConfig, RouteOptions, Routes, Stack};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    metrics::Format,
    tracer::TracingConfig,
};
use serde_json::Value;
use tower::ServiceExt as _;

struct Service {
    stack: Stack,
    calls: Stack,
    signer: TokenSigner,
    revoked: Revocations,
    telemetry: Telemetry,
}

fn telemetry(identity: &ServiceIdentity) -> Telemetry {
    let (log, metrics, tracing) = (
        LogConfig::default(),
        MetricsConfig::default(),
        TracingConfig::default(),
    );
    let sink = Arc::new(MemorySink::default());
    Telemetry::start_with_sink(identity, &log, &metrics, &tracing, false, sink).unwrap()
}

fn routes() -> Routes {
    let actor = async || {
        let context = context::current().unwrap();
        context
            .actor()
            .map_or("anonymous".to_owned(), |actor| actor.as_str().to_owned())
    };
    let role = async |Extension(token): Extension<Arc<VerifiedToken>>| {
        token
            .claims()
            .text("role")
            .unwrap()
            .unwrap_or("none")
            .to_owned()
    };
    let with = |options: RouteOptions| move |_: RouteOptions| options.clone();
    Routes::new()
        .get("/public", actor)
        .with_options(with(RouteOptions::new().access(Access::Public)))
        .merge(
            Routes::new()
                .get("/optional", actor)
                .with_options(with(RouteOptions::new().access(Access::Optional))),
        )
        .merge(
            Routes::new()
                .get("/me", actor)
                .with_options(with(RouteOptions::new().access(Access::Authenticated))),
        )
        .merge(
            Routes::new()
                .get("/role", role)
                .with_options(with(RouteOptions::new().access(Access::Authenticated))),
        )
        .merge(
            Routes::new()
                .get("/mod", actor)
                .with_options(with(RouteOptions::new().roles(["moderator", "admin"]))),
        )
        .merge(
            Routes::new()
                .get("/write", actor)
                .with_options(with(RouteOptions::new().scopes(["events:write"]))),
        )
}

fn service(revocation: Option<DelayedRevocation>) -> Service {
    match revocation {
        Some(delayed) => service_with(delayed, Revocations::new()),
        None => service_with_revocations(Revocations::new()),
    }
}

fn service_with_revocations(revoked: Revocations) -> Service {
    service_with(revoked.clone(), revoked)
}

fn service_with(revocation: impl Revocation, revoked: Revocations) -> Service {
    let key = SigningKey::generate("k1", Algorithm::EdDsa).unwrap();
    let signer = TokenSigner::new(TokenSignerConfig::default(), key);
    let config = IssuerConfig {
        algorithms: vec![Algorithm::EdDsa],
        ..IssuerConfig::default()
    };
    let issuer = Issuer::with_keys(config, signer.verification().unwrap()).unwrap();
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let identity = ServiceIdentity::new("events", "1.0.0");
    let telemetry = telemetry(&identity);
    let bearer = BearerAuthentication::new(verifier, BearerConfig::default(), telemetry.metrics());
    let bearer = bearer.revocation(revocation);
    let mut http = HttpConfig::default();
    http.rate_limit.requests = 20.try_into().unwrap();
    http.rate_limit.window = Timeout::from_secs(20);
    let stack = Stack::builder(identity.clone(), http, &telemetry)
        .authenticate(bearer.clone())
        .build(routes())
        .unwrap();
    let separate = telemetry.with_separate_metrics();
    let calls = Stack::builder(identity, HttpConfig::default(), &separate)
        .grpc()
        .authenticate(bearer)
        .build(routes())
        .unwrap();
    Service {
        stack,
        calls,
        signer,
        revoked,
        telemetry,
    }
}

impl Service {
    async fn get(&self, path: &str, credentials: Option<&str>) -> Response<String> {
        let credentials = credentials.map(str::as_bytes);
        send(&self.stack, path, credentials, "text/plain").await
    }

    fn token(&self, token: NewToken) -> String {
        format!("Bearer {}", self.signer.sign(token).unwrap().expose())
    }

    fn counts(&self, reason: &str) -> bool {
        let text = self.telemetry.metrics().render(Format::PrometheusText);
        text.contains(&format!("auth_failures_total{{reason=\"{reason}\"}}"))
    }
}

async fn send(
    stack: &Stack,
    path: &str,
    credentials: Option<&[u8]>,
    kind: &str,
) -> Response<String> {
    let mut request = Request::get(path)
        .header("host", "events")
        .header("content-type", kind);
    if let Some(credentials) = credentials {
        request = request.header("authorization", credentials);
    }
    let request = request.body(Body::empty()).unwrap();
    let connection = stack.connection("192.0.2.7:9".parse().unwrap(), false);
    let (parts, body) = connection.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
}

fn reason(response: &Response<String>) -> String {
    let problem: Value = serde_json::from_str(response.body()).unwrap();
    problem["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn public_optional_and_required_routes_auth_1() {
    let service = service(None);
    let ada = service.token(NewToken::for_subject("ada"));
    let wrong = format!("{ada}x");
    for (path, anonymous, known, refused) in [
        ("/public", Ok("anonymous"), Ok("anonymous"), Ok("anonymous")),
        ("/optional", Ok("anonymous"), Ok("ada"), Ok("anonymous")),
        (
            "/me",
            Err("CREDENTIALS_MISSING"),
            Ok("ada"),
            Err("TOKEN_MALFORMED"),
        ),
    ] {
        for (credentials, expected) in [
            (None, anonymous),
            (Some(&ada), known),
            (Some(&wrong), refused),
        ] {
            let answer = service.get(path, credentials.map(String::as_str)).await;
            match expected {
                Ok(body) => assert_eq!(answer.body(), body, "{path}"),
                Err(expected) => {
                    assert_eq!(answer.status(), 401);
                    assert_eq!(reason(&answer), expected, "{path}");
                }
            }
        }
    }
    assert!(service.counts("TOKEN_MALFORMED") && service.counts("CREDENTIALS_MISSING"));
    let lower = ada.replace("Bearer", "bEARER");
    assert_eq!(service.get("/me", Some(&lower)).await.body(), "ada");
    let basic = service.get("/me", Some("Basic YTpi")).await;
    assert_eq!(reason(&basic), "CREDENTIALS_UNREADABLE");
    let no_text = Some(b"Bearer \xff\xfe.e30.AA".as_slice());
    let no_text = send(&service.stack, "/me", no_text, "text/plain").await;
    assert_eq!(
        (no_text.status().as_u16(), reason(&no_text).as_str()),
        (401, "TOKEN_MALFORMED")
    );
    assert_eq!(service.get("/role", Some(&ada)).await.body(), "none");
}

#[tokio::test]
async fn rejection_is_a_problem_with_a_challenge_auth_5() {
    let service = service(None);
    let ada = service.token(
        NewToken::for_subject("ada")
            .claim("role", "user")
            .claim("scope", "events:read"),
    );
    let challenge = |response: &Response<String>| {
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let answer = service.get("/me", None).await;
    assert_eq!(
        (answer.status().as_u16(), challenge(&answer).as_str()),
        (401, "Bearer")
    );
    let answer = service.get("/me", Some("Bearer a.b.c")).await;
    assert_eq!(challenge(&answer), "Bearer error=\"invalid_token\"");
    let answer = service.get("/mod", Some(&ada)).await;
    assert_eq!(
        (answer.status().as_u16(), reason(&answer).as_str()),
        (403, "INSUFFICIENT_ROLE")
    );
    assert_eq!(challenge(&answer), "Bearer error=\"insufficient_scope\"");
    let answer = service.get("/write", Some(&ada)).await;
    assert_eq!(reason(&answer), "INSUFFICIENT_SCOPE");
    assert_eq!(
        challenge(&answer),
        "Bearer error=\"insufficient_scope\", scope=\"events:write\""
    );
    let eve = service.token(
        NewToken::for_subject("eve")
            .claim("role", "admin")
            .claim("scope", "x events:write"),
    );
    assert_eq!(service.get("/mod", Some(&eve)).await.body(), "eve");
    assert_eq!(service.get("/write", Some(&eve)).await.body(), "eve");
}

#[tokio::test]
async fn grpc_calls_are_authenticated_by_the_same_tokens_auth_1() {
    let service = service(None);
    let ada = service.token(NewToken::for_subject("ada"));
    let call = |path: &'static str, credentials: Option<String>| {
        let stack = service.calls.clone();
        async move {
            send(
                &stack,
                path,
                credentials.as_deref().map(str::as_bytes),
                "application/grpc",
            )
            .await
        }
    };
    let refused = call("/me", None).await;
    assert_eq!(refused.headers()["grpc-status"], "16");
    let refused = call("/mod", Some(ada.clone())).await;
    assert_eq!(refused.headers()["grpc-status"], "7");
    assert_eq!(call("/me", Some(ada)).await.body(), "ada");
}

#[tokio::test]
async fn revoked_token_is_rejected_although_cached_auth_3() {
    let service = service(None);
    let ada = service.token(NewToken::for_subject("ada"));
    assert_eq!(service.get("/me", Some(&ada)).await.status(), 200);
    let until = SystemTime::now() + Duration::from_secs(900);
    service.revoked.raise_version("ada", 1, until);
    let refused = service.get("/me", Some(&ada)).await;
    assert_eq!(
        (refused.status().as_u16(), reason(&refused).as_str()),
        (401, "TOKEN_REVOKED")
    );
    let newer = service.token(NewToken::for_subject("ada").claim("ver", 1));
    assert_eq!(service.get("/me", Some(&newer)).await.status(), 200);
}

#[tokio::test]
async fn missing_or_stale_revocations_reject_tokens_auth_3() {
    let hour = Duration::from_secs(3_600);
    let revoked = Revocations::with_max_stale(hour);
    let service = service_with_revocations(revoked.clone());
    let ada = service.token(NewToken::for_subject("ada"));
    let unknown = service.get("/me", Some(&ada)).await;
    assert_eq!(
        (unknown.status().as_u16(), reason(&unknown).as_str()),
        (503, "TOKEN_REVOCATION_UNAVAILABLE")
    );
    assert!(unknown.headers().contains_key("retry-after"));
    let optional = service.get("/optional", Some(&ada)).await;
    assert_eq!(
        (optional.status().as_u16(), optional.body().as_str()),
        (200, "anonymous")
    );

    revoked.record_read(ClockReading::now());
    assert_eq!(service.get("/me", Some(&ada)).await.status(), 200);
    let until = SystemTime::now() + hour;
    revoked.raise_version("ada", 1, until);
    assert_eq!(service.get("/me", Some(&ada)).await.status(), 401);

    let revoked = Revocations::with_max_stale(Duration::ZERO);
    revoked.record_read(ClockReading::now());
    let stale = service_with_revocations(revoked);
    let bob = stale.token(NewToken::for_subject("bob"));
    assert_eq!(stale.get("/me", Some(&bob)).await.status(), 503);
}

/// Resolves the status of each token later.
struct DelayedRevocation(Result<bool, TokenError>);

impl Revocation for DelayedRevocation {
    fn status(&self, _: &Arc<VerifiedToken>) -> RevocationStatus {
        let answer = self.0;
        RevocationStatus::Pending(
            async move {
                tokio::task::yield_now().await;
                answer
            }
            .boxed(),
        )
    }
}

#[tokio::test]
async fn pending_revocation_status_is_awaited_auth_3() {
    for (answer, status) in [
        (Ok(false), 200),
        (Ok(true), 401),
        (Err(TokenError::RevocationUnavailable), 503),
    ] {
        let service = service(Some(DelayedRevocation(answer)));
        let ada = service.token(NewToken::for_subject("ada"));
        let given = service.get("/me", Some(&ada)).await;
        assert_eq!(given.status(), status, "{answer:?}");
        assert_eq!(given.headers().contains_key("retry-after"), status == 503);
    }
}

#[tokio::test]
async fn users_behind_one_ip_have_separate_rate_limits_res_6() {
    let service = service(None);
    let (ada, bob) = (
        service.token(NewToken::for_subject("ada")),
        service.token(NewToken::for_subject("bob")),
    );
    for _ in 0..20 {
        assert_eq!(service.get("/me", Some(&ada)).await.status(), 200);
    }
    assert_eq!(service.get("/me", Some(&ada)).await.status(), 429);
    // The limit is by user, not by token.
    let again = service.token(NewToken::for_subject("ada"));
    assert_eq!(service.get("/me", Some(&again)).await.status(), 429);
    assert_eq!(service.get("/me", Some(&bob)).await.status(), 200);
}
