//! Calls of other services, which prove who they are.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use city_events_contract::{
    AUTH_SERVICE, GATEWAY, ServiceCallsConfig,
    auth::v1::{
        GetProfileRequest, ListTokenVersionsRequest, auth_service_client::AuthServiceClient,
    },
};
use seaworthy::{
    account::TokenVersions,
    auth::{
        SERVICE_TOKEN,
        token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig},
    },
    config::Profile,
    data::sql,
    grpc::client::{GrpcChannel, GrpcClientConfig, GrpcClientTlsConfig},
    prelude::*,
};
use seaworthy_testkit::{
    authority::{Authority, Identity},
    database::EmptyDatabase,
};
use tonic::{Code as Told, Request};

use crate::place::{CALLS_SECRET, JWT_SECRET, Place, code, open_with};

/// The name in the door's certificate.
const DOORS_NAME: &str = "spiffe://example.org/bff";

type Client = AuthServiceClient<GrpcChannel>;

/// A client that shows no certificate.
pub(crate) fn client(place: &Place) -> Client {
    called(GrpcClientConfig::new(format!("http://{}", place.grpc)))
}

fn called(config: GrpcClientConfig) -> Client {
    AuthServiceClient::new(GrpcChannel::builder("auth", config).build().unwrap())
}

/// What the door shows.
pub(crate) fn door() -> String {
    let config = ServiceCallsConfig {
        secret: Some(Secret::new(CALLS_SECRET.to_owned())),
    };
    let tokens = config.tokens(GATEWAY, AUTH_SERVICE).unwrap().unwrap();
    tokens.token().unwrap().expose().clone()
}

/// A call that shows this token.
pub(crate) fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// A token like the door's, but for what is said.
struct Forgery {
    secret: &'static str,
    algorithm: Algorithm,
    kind: &'static str,
    caller: &'static str,
    callee: &'static str,
    age: Duration,
}

const LIKE_THE_DOORS: Forgery = Forgery {
    secret: CALLS_SECRET,
    algorithm: Algorithm::Hs256,
    kind: SERVICE_TOKEN,
    caller: GATEWAY,
    callee: AUTH_SERVICE,
    age: Duration::ZERO,
};

impl Forgery {
    fn signed(&self) -> String {
        let secret = Secret::new(self.secret.as_bytes().to_vec());
        let key = SigningKey::secret("shared", self.algorithm, &secret).unwrap();
        let config = TokenSignerConfig {
            lifetime: Timeout::from_secs(60),
            kind: self.kind.to_owned(),
            ..TokenSignerConfig::default()
        };
        // Whatever it says of its roles counts for nothing.
        let token = NewToken::about(self.caller)
            .audience(self.callee)
            .claim("role", GATEWAY)
            .claim("roles", vec![GATEWAY]);
        let signer = TokenSigner::new(config, key);
        let signed = signer.sign_at(token, SystemTime::now() - self.age).unwrap();
        signed.expose().clone()
    }
}

/// What a caller is told, of each of the calls.
async fn told(client: &mut Client, user: &str, token: Option<&str>) -> [Told; 2] {
    let shown =
        |code: Result<(), tonic::Status>| code.map_or_else(|status| status.code(), |()| Told::Ok);
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
    [shown(profile), shown(versions)]
}

pub(crate) async fn the_door_alone_is_answered_and_proves_who_it_is_auth_6(place: Place) {
    let ada = place.register("ada@example.org");
    let mut client = client(&place);
    assert_eq!(
        told(&mut client, &ada.id, Some(&door())).await,
        [Told::Ok; 2]
    );
    assert_eq!(
        told(&mut client, &ada.id, Some(&LIKE_THE_DOORS.signed())).await,
        [Told::Ok; 2],
        "what is forged below differs in one thing"
    );

    let unproved = [Told::Unauthenticated; 2];
    assert_eq!(told(&mut client, &ada.id, None).await, unproved);
    let admin = place.seeded("admin");
    for (what, token) in [
        ("a user's", ada.token.clone()),
        ("an admin's", admin.token.clone()),
        ("garbage", "garbage".to_owned()),
        (
            "of the secret of users, with a role that no user has",
            Forgery {
                secret: JWT_SECRET,
                kind: "JWT",
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "of the secret of users",
            Forgery {
                secret: JWT_SECRET,
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "of a secret of somebody's own",
            Forgery {
                secret: "a secret that nobody has given to anybody",
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "of another kind",
            Forgery {
                kind: "JWT",
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "for another service",
            Forgery {
                callee: "event-service",
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "over",
            Forgery {
                age: Duration::from_secs(60 + 31),
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
        (
            "by another algorithm",
            Forgery {
                algorithm: Algorithm::Hs384,
                ..LIKE_THE_DOORS
            }
            .signed(),
        ),
    ] {
        assert_eq!(
            told(&mut client, &ada.id, Some(&token)).await,
            unproved,
            "{what}"
        );
    }
    let feed = Forgery {
        caller: "feed-service",
        ..LIKE_THE_DOORS
    };
    assert_eq!(
        told(&mut client, &ada.id, Some(&feed.signed())).await,
        [Told::PermissionDenied; 2],
        "another service's"
    );

    // Nor is the door a user.
    let bearer = format!("Bearer {}", door());
    for path in ["/auth/v1/me", "/auth/v1/admin"] {
        let refused = place.send("GET", path, &[("authorization", &bearer)], "");
        assert_eq!(
            (refused.status, code(&refused).as_str()),
            (401, "token_invalid"),
            "{path}"
        );
    }
}

pub(crate) async fn everybody_whose_tokens_were_taken_back_is_told_page_by_page_auth_3(
    place: Place,
) {
    let database = place.connected().await;
    TokenVersions::raise(&database, "user").await.unwrap();
    // Each turn doubles them, and gives all of a turn the same moment: more than two pages in the end.
    for turn in 0..11_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, version + 1, {now_us} FROM account_versions")
            .on_mysql("INSERT INTO account_versions (user_id, version, changed_us) SELECT CONCAT(user_id, ?), version + 1, {now_us} FROM account_versions")
            .bind(format!("-{turn}"))
            .execute(&database)
            .await
            .unwrap();
    }
    let mut client = client(&place);
    let (mut told, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = ListTokenVersionsRequest {
            within_seconds: 3_600,
            cursor,
            since_us: 0,
        };
        let answer = client.list_token_versions(with(&door(), request)).await;
        let page = answer.unwrap().into_inner();
        assert!(page.versions.len() <= 1_000, "{}", page.versions.len());
        told.extend(page.versions);
        pages += 1;
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let users: BTreeSet<&str> = told.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(
        (told.len(), users.len()),
        (2_048, 2_048),
        "each of them once"
    );
    for one in &told {
        let turns = one.user_id.matches('-').count() as u64;
        assert_eq!(one.version, 1 + turns, "{}", one.user_id);
    }

    let ask = |since_us| ListTokenVersionsRequest {
        within_seconds: 1,
        cursor: String::new(),
        since_us,
    };
    let request = with(&door(), ask(1));
    let page = client.list_token_versions(request).await.unwrap();
    let page = page.into_inner();
    assert_eq!(page.versions.len(), 1_000, "the position counts alone");
    let request = with(&door(), ask(page.as_of_us));
    let none = client.list_token_versions(request).await.unwrap();
    assert_eq!(none.into_inner().versions, []);

    for cursor in ["7", "seven:user", ":", "x".repeat(129).as_str()] {
        let request = ListTokenVersionsRequest {
            within_seconds: 60,
            cursor: cursor.to_owned(),
            since_us: 0,
        };
        let answer = client.list_token_versions(with(&door(), request)).await;
        assert_eq!(
            answer.unwrap_err().code(),
            Told::InvalidArgument,
            "{cursor}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_secret_no_service_gets_in_auth_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let none = ["service_calls.secret=null", "rate_limit.enabled=false"];
    let place = open_with(empty, Profile::Development, &none).await;
    let ada = place.register("ada@example.org");
    let mut client = client(&place);
    for token in [None, Some(door()), Some(ada.token.clone())] {
        assert_eq!(
            told(&mut client, &ada.id, token.as_deref()).await,
            [Told::Unauthenticated; 2],
            "{token:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_secret_of_the_door_is_changed_it_gets_in_by_both_auth_6() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let next = "service_calls.secret=the secret that is to come, long enough";
    let last = format!("service_calls.additional_verification_keys=[\"{CALLS_SECRET}\"]");
    let settings = [next, last.as_str(), "rate_limit.enabled=false"];
    let place = open_with(empty, Profile::Development, &settings).await;
    let ada = place.register("ada@example.org");
    let mut client = client(&place);
    assert_eq!(
        told(&mut client, &ada.id, Some(&door())).await,
        [Told::Ok; 2]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_is_known_by_its_certificate_where_that_is_set_auth_6() {
    let authority = Authority::new("example.org").unwrap();
    let own = authority.server().unwrap();
    let names = [
        format!("service_calls.certificates={DOORS_NAME}"),
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
    let place = open_with(empty, Profile::Development, &settings).await;
    let ada = place.register("ada@example.org");
    let doors = authority.client(DOORS_NAME).unwrap();
    let feeds = authority.client("spiffe://example.org/feed").unwrap();
    for (shown, token, expected) in [
        (Some(&doors), None, Told::Ok),
        (Some(&feeds), None, Told::PermissionDenied),
        (
            Some(&feeds),
            Some(ada.token.as_str()),
            Told::PermissionDenied,
        ),
        (None, None, Told::Unauthenticated),
        (None, Some(ada.token.as_str()), Told::Unauthenticated),
    ] {
        let mut client = shows(&place, &authority, shown);
        assert_eq!(
            told(&mut client, &ada.id, token).await,
            [expected; 2],
            "{shown:?}"
        );
    }
    let elsewhere = Authority::new("example.org").unwrap();
    let stranger = elsewhere.client(DOORS_NAME).unwrap();
    let mut client = shows(&place, &authority, Some(&stranger));
    let told = told(&mut client, &ada.id, None).await;
    // Of TLS 1.3 a client hears of the refusal after its own part is done: a call may be under way by then.
    let is_cut_off = |code: &Told| matches!(code, Told::Unavailable | Told::Cancelled);
    assert!(told.iter().all(is_cut_off), "{told:?}");
}

/// A client that shows this certificate.
fn shows(place: &Place, authority: &Authority, shown: Option<&Identity>) -> Client {
    let mut config = GrpcClientConfig::new(format!("https://localhost:{}", place.grpc.port()));
    config.tls = GrpcClientTlsConfig {
        ca: Some(authority.certificate()),
        certificate: shown.map(|identity| identity.certificate.clone()),
        key: shown.map(|identity| identity.key.clone()),
        server_name: None,
    };
    called(config)
}
