mod counted;
mod throughput;

use std::{
    hint::black_box,
    io::{self, Write as _},
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::body::Body;
use futures::FutureExt as _;
use http::{HeaderValue, Request, header::AUTHORIZATION};
use jsonwebtoken::{DecodingKey, Validation};
use seaworthy_auth::{
    BearerAuthentication, BearerConfig,
    token::{
        Algorithm, Issuer, IssuerConfig, KeySet, NewToken, Revocations, SigningKey, TokenSigner,
        TokenSignerConfig, TokenVerifier,
    },
};
use seaworthy_core::{Secret, ServiceIdentity};
use seaworthy_http::{Access, HttpConfig, Routes, Stack, StackService};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, NullSink},
    metrics::Metrics,
    tracer::TracingConfig,
};
use serde_json::Value;
use tower_service::Service as _;

pub(crate) use counted::{answer_once, count_instructions};

use crate::{Failure, statistics::median};

/// Duration of a measurement, long for the resolution of the clock.
const SPAN: Duration = Duration::from_millis(20);
/// Number of valid tokens.
const TOKENS: u32 = 1_000;
/// Lifetime of revocations, longer than any run.
const REVOCATION_TTL: Duration = Duration::from_secs(86_400);
const SECRET: &[u8] = b"0f8b1d0c6a3e47f2b95d2c81a7e6f439-0f8b1d0c6a3e47f2b95d2c81a7e6f439";
const ISSUER: &str = "https://login.example.org";

/// Measures verification without a cache for each algorithm, against `jsonwebtoken` with a parsed
/// key. Then measures anonymous and authenticated requests with cached tokens, through the stack
/// and over connections.
pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "one verification, median of {rounds} rounds, in ns")?;
    writeln!(
        out,
        "{:<8} {:>14} {:>10} {:>6}",
        "", "jsonwebtoken", "seaworthy", "ratio"
    )?;
    for algorithm in [
        Algorithm::Hs256,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::EdDsa,
    ] {
        let (baseline, seaworthy) = verification(algorithm, rounds)?;
        writeln!(
            out,
            "{:<8} {baseline:>14.0} {seaworthy:>10.0} {:>6.2}",
            algorithm.name(),
            seaworthy / baseline
        )?;
    }
    let [anonymous, authenticated] = requests(rounds)?;
    writeln!(
        out,
        "\none request through the stack without a socket, {TOKENS} EdDSA valid tokens, with revocation, in ns"
    )?;
    writeln!(out, "anonymous     {anonymous:>8.0}")?;
    writeln!(
        out,
        "authenticated {authenticated:>8.0}   {:+.0}",
        authenticated - anonymous
    )?;
    writeln!(
        out,
        "throughput    {:>8.2} of anonymous",
        anonymous / authenticated
    )?;
    throughput::run(&mut out, rounds)
}

fn signer(algorithm: Algorithm) -> Result<TokenSigner, Failure> {
    let key = if algorithm.is_symmetric() {
        SigningKey::secret("k1", algorithm, &Secret::new(SECRET.to_vec()))?
    } else {
        SigningKey::generate("k1", algorithm)?
    };
    let config = TokenSignerConfig {
        issuer: ISSUER.to_owned(),
        ..TokenSignerConfig::default()
    };
    Ok(TokenSigner::new(config, key))
}

fn verifier(algorithm: Algorithm, keys: KeySet) -> Result<TokenVerifier, Failure> {
    let config = IssuerConfig {
        issuer: Some(ISSUER.to_owned()),
        audiences: vec!["events".to_owned()],
        algorithms: vec![algorithm],
        ..IssuerConfig::default()
    };
    Ok(TokenVerifier::new([Issuer::with_keys(config, keys)?])?)
}

fn token(signer: &TokenSigner, subject: &str) -> Result<String, Failure> {
    let token = NewToken::for_subject(subject)
        .audience("events")
        .claim("role", "user")
        .claim("scope", "events:read events:write");
    Ok(signer.sign(token)?.expose().clone())
}

fn verification(algorithm: Algorithm, rounds: u32) -> Result<(f64, f64), Failure> {
    let signer = signer(algorithm)?;
    let token = token(&signer, "0192d3a8-7a51-7c3e-9f4b-3f1f6f3f9b11")?;
    let verifier = verifier(algorithm, signer.verification()?)?;
    let key = bare_key(&signer)?;
    let name: jsonwebtoken::Algorithm = serde_json::from_value(algorithm.name().into())?;
    let mut validation = Validation::new(name);
    validation.set_audience(&["events"]);
    validation.set_issuer(&[ISSUER]);
    let now = SystemTime::now();
    verifier.verify_now(&token, now)?;
    jsonwebtoken::decode::<Value>(&token, &key, &validation)?;
    let (mut baseline, mut seaworthy) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        baseline.push(nanoseconds(|| {
            black_box(jsonwebtoken::decode::<Value>(black_box(&token), &key, &validation).is_ok());
        }));
        seaworthy.push(nanoseconds(|| {
            black_box(verifier.verify_now(black_box(&token), now).is_ok());
        }));
    }
    Ok((median(&baseline), median(&seaworthy)))
}

fn bare_key(signer: &TokenSigner) -> Result<DecodingKey, Failure> {
    let set: Value = serde_json::from_str(&signer.jwks())?;
    match set.pointer("/keys/0") {
        None => Ok(DecodingKey::from_secret(SECRET)),
        Some(key) => {
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone())?;
            Ok(DecodingKey::from_jwk(&jwk)?)
        }
    }
}

/// Returns revocations of other tokens and users, so that each request does a lookup of both.
fn revoked() -> Revocations {
    let (revoked, until) = (Revocations::new(), SystemTime::now() + REVOCATION_TTL);
    for number in 0..TOKENS {
        revoked.raise_version(&format!("0192d3a8-7a51-7c3e-9f4c-{number:012}"), 1, until);
        revoked.revoke(&format!("0192d3a8-7a51-7c3e-9f4d-{number:012}"), until);
    }
    revoked
}

/// Returns the full stack with a route for anonymous and authenticated callers, and the
/// credentials.
fn stack() -> Result<(Stack, Vec<HeaderValue>), Failure> {
    let signer = signer(Algorithm::EdDsa)?;
    let bearer = BearerAuthentication::new(
        verifier(Algorithm::EdDsa, signer.verification()?)?,
        BearerConfig::default(),
        &Metrics::new(),
    )
    .revocation(revoked());
    let identity = ServiceIdentity::new("bench", "1.0.0");
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(NullSink),
    )?;
    let mut config = HttpConfig::default();
    // The limit is on, and the load stays below it.
    config.rate_limit.requests = NonZeroU32::new(100_000_000).unwrap_or(NonZeroU32::MIN);
    let routes = Routes::new()
        .get("/", async || "hello")
        .with_options(|options| options.access(Access::Optional));
    let stack = Stack::builder(identity, config, &telemetry)
        .authenticate(bearer)
        .build(routes)?;
    let credentials = (0..TOKENS)
        .map(|number| {
            let token = token(&signer, &format!("0192d3a8-7a51-7c3e-9f4b-{number:012}"))?;
            Ok(HeaderValue::try_from(format!("Bearer {token}"))?)
        })
        .collect::<Result<_, Failure>>()?;
    Ok((stack, credentials))
}

/// A client without a socket. The stack has cached all its tokens.
struct Caller {
    connection: StackService,
    tokens: Vec<HeaderValue>,
    next: usize,
}

impl Caller {
    fn new() -> Result<Self, Failure> {
        let (stack, tokens) = stack()?;
        let mut caller = Self {
            connection: stack.connection("192.0.2.1:9".parse()?, false),
            tokens,
            next: 0,
        };
        (0..TOKENS).try_for_each(|_| caller.call(true))?;
        Ok(caller)
    }

    /// Sends a request, anonymous or with the next token.
    fn call(&mut self, authenticated: bool) -> Result<(), Failure> {
        let mut request = Request::get("/")
            .header("host", "bench")
            .body(Body::empty())?;
        if authenticated {
            let credentials = self
                .tokens
                .get(self.next)
                .ok_or("the list of tokens is empty")?;
            request
                .headers_mut()
                .insert(AUTHORIZATION, credentials.clone());
            self.next = (self.next + 1) % self.tokens.len();
        }
        let response = self.connection.call(request).now_or_never();
        let is_ok = matches!(&response, Some(Ok(response)) if response.status() == 200);
        if !is_ok {
            return Err("the response of the stack is not 200".into());
        }
        black_box(response);
        Ok(())
    }
}

fn requests(rounds: u32) -> Result<[f64; 2], Failure> {
    let mut caller = Caller::new()?;
    let (mut anonymous, mut authenticated) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        anonymous.push(nanoseconds(|| {
            let _ = black_box(caller.call(false));
        }));
        authenticated.push(nanoseconds(|| {
            let _ = black_box(caller.call(true));
        }));
    }
    Ok([median(&anonymous), median(&authenticated)])
}

/// Returns the mean time of one run in nanoseconds.
fn nanoseconds(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < SPAN {
        for _ in 0..16 {
            run();
        }
        runs += 16;
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(runs)
}
