//! AUTH-6: each attempt authenticates the caller to its dependency, and to no other host.

use std::{
    error::Error as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use http::HeaderValue;
use seaworthy_client::{
    BaseUrl, BuildError, ClientError, Credentials, CredentialsError, HttpClient, HttpClientConfig,
};
use seaworthy_core::Secret;

use crate::fixture::{Seen, Server, answer, builder};

/// Another token each time.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Credentials for Counted {
    fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(HeaderValue::try_from(format!("Bearer token-{number}"))?)
    }
}

/// Nothing to sign with.
struct Broken;

impl Credentials for Broken {
    fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
        Err("the key is gone".into())
    }
}

fn client(server: &Server, change: impl FnOnce(&mut HttpClientConfig)) -> HttpClient {
    let base: BaseUrl = server.url("/").parse().unwrap();
    let builder = builder(|config| {
        config.base_url = Some(base);
        change(config);
    });
    builder.credentials(Counted::default()).build().unwrap()
}

fn shown(seen: &[Seen]) -> Vec<Option<&str>> {
    seen.iter()
        .map(|seen| seen.header("authorization"))
        .collect()
}

#[tokio::test]
async fn each_attempt_requests_credentials_auth_6_res_2() {
    let server = Server::start(|before, _| match before {
        0 => answer("503 Service Unavailable", "", ""),
        1 => answer("302 Found", "location: /moved\r\n", ""),
        _ => answer("200 OK", "", ""),
    })
    .await;
    let response = client(&server, |_| {}).get("/").send().await.unwrap();
    response.success().unwrap();
    assert_eq!(
        shown(&server.seen()),
        [
            Some("Bearer token-0"),
            Some("Bearer token-1"),
            Some("Bearer token-2")
        ]
    );
}

#[tokio::test]
async fn request_keeps_own_authorization_auth_6() {
    let server = Server::start(|_, _| answer("200 OK", "", "")).await;
    let client = client(&server, |_| {});
    let own = Secret::new("own".to_owned());
    client.get("/").bearer(&own).send().await.unwrap();
    client
        .get("/")
        .header("authorization", "Basic own")
        .send()
        .await
        .unwrap();
    client.get("/").send().await.unwrap();
    assert_eq!(
        shown(&server.seen()),
        [
            Some("Bearer own"),
            Some("Basic own"),
            Some("Bearer token-0")
        ]
    );
}

/// Returns the credentials that the server received, then the other server, then the first again.
async fn to_another_origin_and_back(own: Option<&str>) -> [Vec<Option<String>>; 2] {
    let server = Server::start(|before, seen| match before {
        0 => {
            let elsewhere = seen.header("x-elsewhere").unwrap();
            answer(
                "307 Temporary Redirect",
                &format!("location: {elsewhere}\r\n"),
                "",
            )
        }
        _ => answer("200 OK", "", ""),
    })
    .await;
    let back = server.url("/transfer");
    let other = Server::start(move |_, _| {
        answer(
            "307 Temporary Redirect",
            &format!("location: {back}\r\n"),
            "",
        )
    })
    .await;
    let client = client(&server, |config| {
        config.redirects.allow_other_origins = true;
    });
    let mut request = client.post("/").header("x-elsewhere", other.url("/"));
    if let Some(own) = own {
        request = request.bearer(&Secret::new(own.to_owned()));
    }
    request.send().await.unwrap().success().unwrap();
    [server, other].map(|server| {
        shown(&server.seen())
            .into_iter()
            .map(|value| value.map(str::to_owned))
            .collect()
    })
}

#[tokio::test]
async fn redirect_to_other_origin_omits_credentials_auth_6() {
    for (own, first) in [(None, "Bearer token-0"), (Some("own"), "Bearer own")] {
        let [server, other] = to_another_origin_and_back(own).await;
        assert_eq!(server, [Some(first.to_owned()), None]);
        assert_eq!(other, [None]);
    }
}

#[tokio::test]
async fn missing_credentials_prevent_attempt_auth_6() {
    let server = Server::start(|_, _| answer("200 OK", "", "")).await;
    let base: BaseUrl = server.url("/").parse().unwrap();
    let builder = builder(|config| config.base_url = Some(base));
    let client = builder.credentials(Broken).build().unwrap();
    for _ in 0..20 {
        let error = client.get("/").send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Credentials { .. }),
            "{error:?}"
        );
        assert_eq!(error.reason(), "NO_CREDENTIALS");
        assert_eq!(error.source().unwrap().to_string(), "the key is gone");
    }
    assert_eq!(server.seen().len(), 0);
    let own = client.get("/").header("authorization", "Basic own");
    own.send().await.unwrap().success().unwrap();
}

#[tokio::test]
async fn credentials_require_base_url_auth_6() {
    let built = builder(|_| {}).credentials(Counted::default()).build();
    assert!(
        matches!(built, Err(BuildError::NoBaseUrl { client }) if client == "stock"),
        "a client without a base URL"
    );
}
