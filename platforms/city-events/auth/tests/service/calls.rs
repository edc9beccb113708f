//! gRPC calls of the gateway and of callers without its credentials.

use std::time::{Duration, SystemTime};

use city_events_contract::{
    AUTH_SERVICE, GATEWAY, ServiceCallsConfig,
    auth::v1::{
        GetProfileRequest, ListTokenVersionsRequest, auth_service_client::AuthServiceClient,
    },
};
use seaworthy::{
    auth::{
        SERVICE_TOKEN,
        token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig},
    },
    config::Profile,
    grpc::client::{GrpcChannel, GrpcClientConfig, GrpcClientTlsConfig},
    prelude::*,
};
use seaworthy_testkit::{
    authority::{Authority, Identity},
    database::EmptyDatabase,
};
use tonic::{Code, Request};

use crate::app::{CALLS_SECRET, JWT_SECRET, TestApp, code, open_with};

/// The name in the gateway's certificate.
const GATEWAY_IDENTITY: &str = "spiffe://example.org/bff";

type Client = AuthServiceClient<GrpcChannel>;

/// Returns a client without a certificate.
pub(crate) fn client(app: &TestApp) -> Client {
    build_client(GrpcClientConfig::new(format!("http://{}", app.grpc)))
}

fn build_client(config: GrpcClientConfig) -> Client {
    AuthServiceClient::new(GrpcChannel::builder("auth", config).build().unwrap())
}

/// Returns a service token of the gateway.
pub(crate) fn gateway_token() -> String {
    let config = ServiceCallsConfig {
        secret: Some(Secret::new(CALLS_SECRET.to_owned())),
    };
    let tokens = config.tokens(GATEWAY, AUTH_SERVICE).unwrap().unwrap();
    tokens.token().unwrap().expose().clone()
}

/// Returns a request with a bearer token.
pub(crate) fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// The properties of a service token.
struct TokenSpec {
    secret: &'static str,
    algorithm: Algorithm,
    kind: &'static str,
    caller: &'static str,
    callee: &'static str,
    age: Duration,
}

const VALID_GATEWAY_TOKEN: TokenSpec = TokenSpec {
    secret: CALLS_SECRET,
    algorithm: Algorithm::Hs256,
    kind: SERVICE_TOKEN,
    caller: GATEWAY,
    callee: AUTH_SERVICE,
    age: Duration::ZERO,
};

impl TokenSpec {
    fn signed(&self) -> String {
        let secret = Secret::new(self.secret.as_bytes().to_vec());
        let key = SigningKey::secret("shared", self.algorithm, &secret).unwrap();
        let config = TokenSignerConfig {
            lifetime: Timeout::from_secs(60),
            kind: self.kind.to_owned(),
            ..TokenSignerConfig::default()
        };
        // The service ignores roles in service tokens.
        let token = NewToken::for_subject(self.caller)
            .audience(self.callee)
            .claim("role", GATEWAY)
            .claim("roles", vec![GATEWAY]);
        let signer = TokenSigner::new(config, key);
        let signed = signer.sign_at(token, SystemTime::now() - self.age).unwrap();
        signed.expose().clone()
    }
}

/// Returns the status codes of both calls.
async fn call_both(client: &mut Client, user: &str, token: Option<&str>) -> [Code; 2] {
    let code = |result: Result<(), tonic::Status>| {
        result.map_or_else(|status| status.code(), |()| Code::Ok)
    };
    let profile = GetProfileRequest {
        user_id: user.to_owned(),
    };
    let versions = ListTokenVersionsRequest {
        within_seconds: 60,
        cursor: String::new(),
        since_us: 0,
    };
    let (profile, versions) = match token {
        Some(token) => (with(token, profile), with(token, versions)),
        None => (Request::new(profile), Request::new(versions)),
    };
    let profile = client.get_profile(profile).await.map(drop);
    let versions = client.list_token_versions(versions).await.map(drop);
    [code(profile), code(versions)]
}

pub(crate) async fn only_the_authenticated_gateway_may_call_auth_6(app: TestApp) {
    let ada = app.register("ada@example.org");
    let mut client = client(&app);
    assert_eq!(
        call_both(&mut client, &ada.id, Some(&gateway_token())).await,
        [Code::Ok; 2]
    );
    assert_eq!(
        call_both(&mut client, &ada.id, Some(&VALID_GATEWAY_TOKEN.signed())).await,
        [Code::Ok; 2],
        "each token below differs from this one in one property"
    );

    let unauthenticated = [Code::Unauthenticated; 2];
    assert_eq!(call_both(&mut client, &ada.id, None).await, unauthenticated);
    let admin = app.seeded("admin");
    for (what, token) in [
        ("a user token", ada.token.clone()),
        ("an admin token", admin.token.clone()),
        ("garbage", "garbage".to_owned()),
        (
            "a user token with the role of the gateway",
            TokenSpec {
                secret: JWT_SECRET,
                kind: "JWT",
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "signed with the secret of user tokens",
            TokenSpec {
                secret: JWT_SECRET,
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "signed with another secret",
            TokenSpec {
                secret: "a secret of more than thirty-two bytes",
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "another token type",
            TokenSpec {
                kind: "JWT",
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "for another audience",
            TokenSpec {
                callee: "event-service",
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "expired",
            TokenSpec {
                age: Duration::from_secs(60 + 31),
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
        (
            "another algorithm",
            TokenSpec {
                algorithm: Algorithm::Hs384,
                ..VALID_GATEWAY_TOKEN
            }
            .signed(),
        ),
    ] {
        assert_eq!(
            call_both(&mut client, &ada.id, Some(&token)).await,
            unauthenticated,
            "{what}"
        );
    }
    let feed = TokenSpec {
        caller: "feed-service",
        ..VALID_GATEWAY_TOKEN
    };
    assert_eq!(
        call_both(&mut client, &ada.id, Some(&feed.signed())).await,
        [Code::PermissionDenied; 2],
        "a token of another service"
    );

    // A service token does not authenticate a user.
    let bearer = format!("Bearer {}", gateway_token());
    for path in ["/auth/v1/me", "/auth/v1/admin"] {
        let refused = app.send("GET", path, &[("authorization", &bearer)], "");
        assert_eq!(
            (refused.status, code(&refused).as_str()),
            (401, "token_invalid"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_without_configured_secret_are_rejected_auth_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let settings = ["service_calls.secret=null", "rate_limit.enabled=false"];
    let app = open_with(empty, Profile::Development, &settings).await;
    let ada = app.register("ada@example.org");
    let mut client = client(&app);
    for token in [None, Some(gateway_token()), Some(ada.token.clone())] {
        assert_eq!(
            call_both(&mut client, &ada.id, token.as_deref()).await,
            [Code::Unauthenticated; 2],
            "{token:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_gateway_secrets_work_during_rotation_auth_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let next = "service_calls.secret=the next secret, with enough bytes";
    let last = format!("service_calls.additional_verification_keys=[\"{CALLS_SECRET}\"]");
    let settings = [next, last.as_str(), "rate_limit.enabled=false"];
    let app = open_with(empty, Profile::Development, &settings).await;
    let ada = app.register("ada@example.org");
    let mut client = client(&app);
    assert_eq!(
        call_both(&mut client, &ada.id, Some(&gateway_token())).await,
        [Code::Ok; 2]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_is_authenticated_by_its_certificate_auth_6() {
    let authority = Authority::new("example.org").unwrap();
    let own = authority.server().unwrap();
    let names = [
        format!("service_calls.certificates={GATEWAY_IDENTITY}"),
        "service_calls.secret=null".to_owned(),
    ];
    let tls = |client_certificates: &str| {
        [
            ("certificate", own.certificate.display().to_string()),
            ("key", own.key.display().to_string()),
            ("client_ca", authority.certificate().display().to_string()),
            ("client_certificates", client_certificates.to_owned()),
        ]
        .map(|(key, value)| format!("server.grpc.tls.{key}={value}"))
    };
    let settings = [&names[..], &tls("optional")].concat();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, Profile::Development, &settings).await;
    let ada = app.register("ada@example.org");
    let gateway = authority.client(GATEWAY_IDENTITY).unwrap();
    let feed = authority.client("spiffe://example.org/feed").unwrap();
    for (shown, token, expected) in [
        (Some(&gateway), None, Code::Ok),
        (Some(&feed), None, Code::PermissionDenied),
        (
            Some(&feed),
            Some(ada.token.as_str()),
            Code::PermissionDenied,
        ),
        (None, None, Code::Unauthenticated),
        (None, Some(ada.token.as_str()), Code::Unauthenticated),
    ] {
        let mut client = client_with(&app, &authority, shown);
        assert_eq!(
            call_both(&mut client, &ada.id, token).await,
            [expected; 2],
            "{shown:?}"
        );
    }
    let other_authority = Authority::new("example.org").unwrap();
    let untrusted = other_authority.client(GATEWAY_IDENTITY).unwrap();
    let mut client = client_with(&app, &authority, Some(&untrusted));
    let codes = call_both(&mut client, &ada.id, None).await;
    // In TLS 1.3 the server rejects the certificate after the client's handshake, so a call may
    // already be in flight.
    let is_rejected = |code: &Code| matches!(code, Code::Unavailable | Code::Cancelled);
    assert!(codes.iter().all(is_rejected), "{codes:?}");
}

/// Returns a client over TLS with or without a certificate.
fn client_with(app: &TestApp, authority: &Authority, shown: Option<&Identity>) -> Client {
    let mut config = GrpcClientConfig::new(format!("https://localhost:{}", app.grpc.port()));
    config.tls = GrpcClientTlsConfig {
        ca: Some(authority.certificate()),
        certificate: shown.map(|identity| identity.certificate.clone()),
        key: shown.map(|identity| identity.key.clone()),
        server_name: None,
    };
    build_client(config)
}
