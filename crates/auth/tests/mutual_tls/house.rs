use std::sync::Arc;

use axum::{body::Body, extract::Request};
use http::{Response, StatusCode};
use seaworthy_auth::{Peer, PeerAuthentication};
use seaworthy_client::{ClientTlsConfig, HttpClient, HttpClientConfig, Propagation};
use seaworthy_config::{Environment, Loader, Profile};
use seaworthy_core::{
    Actor, Error, Grants, RequestContext, RequestId, ServiceIdentity, TraceContext, context,
};
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig, GrpcClientTlsConfig};
use seaworthy_http::{Access, Routes};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::authority::{Authority, Identity};
use tonic::{Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

/// Longer than any condition of these tests takes on a slow machine.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
pub(crate) const ORDERS: &str = "spiffe://example.org/orders";
pub(crate) const GATEWAY: &str = "gateway.internal";
pub(crate) const SCOPE: &str = "charges:write";
const METHOD: &str = "/test.Payments/Who";

/// A service that speaks mutual TLS on both of its listeners and answers who it takes a caller for.
pub(crate) struct House {
    pub(crate) authority: Authority,
    service: RunningService,
    metrics: Metrics,
}

/// What a caller was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The service took it for this one.
    Actor(String),
    /// It was refused, in the words of HTTP and for this reason; over gRPC the reason is the whole message.
    Refused(StatusCode, String),
    /// There was no connection to be told anything over.
    CutOff(String),
}

impl House {
    pub(crate) async fn open(client_certificates: &str) -> Self {
        let authority = Authority::new("example.org").unwrap();
        let own = authority.server().unwrap();
        let (certificate, key) = (own.certificate.display(), own.key.display());
        let ca = authority.certificate();
        let settings = ["http", "grpc"].into_iter().flat_map(|listener| {
            let set = |key: &str, value: &dyn std::fmt::Display| {
                format!("server.{listener}.{key}={value}")
            };
            [
                set("addr", &"127.0.0.1:0"),
                set("tls.certificate", &certificate),
                set("tls.key", &key),
                set("tls.client_ca", &ca.display()),
                set("tls.client_certificates", &client_certificates),
            ]
        });
        let settings =
            settings.chain(["log.level=error", "admin.addr=127.0.0.1:0"].map(str::to_owned));
        let loader = Loader::new("payments")
            .profile(Profile::Test)
            .environment(Environment::default())
            .overrides(settings);
        let mut metrics = Metrics::new();
        let service = Service::new("payments", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                metrics = service.metrics().clone();
                service.authenticate(PeerAuthentication::new([
                    Peer::new(ORDERS).grants(Grants::new([""; 0], [SCOPE])),
                    Peer::new(GATEWAY).forwards_callers(),
                ]));
                let known = |routes: Routes| {
                    routes.with_options(|options| options.access(Access::Authenticated))
                };
                let charge = Routes::new()
                    .post("/charge", async || who())
                    .with_options(|options| options.scopes([SCOPE]));
                service.http(known(Routes::new().get("/who", async || who())).merge(charge));
                service.grpc(known(Routes::new().post(METHOD, who_over_grpc)));
                Ok(())
            })
            .await
            .unwrap();
        Self {
            authority,
            service,
            metrics,
        }
    }

    pub(crate) async fn stop(self) {
        self.service.stop().await;
    }

    /// Asks who the caller is over HTTP and over gRPC, as a client that shows this certificate.
    pub(crate) async fn ask(&self, shown: Option<&Identity>) -> [Told; 2] {
        [
            self.http("GET", "/who", shown).await,
            self.grpc(shown).await,
        ]
    }

    /// The same, in the course of somebody's request.
    pub(crate) async fn ask_for(&self, actor: &str, shown: &Identity) -> [Told; 2] {
        let service = ServiceIdentity::new("gateway", "1.0.0");
        let request =
            RequestContext::new(service, RequestId::generate(), TraceContext::root(false));
        request.set_actor(Actor::new(actor));
        context::scope(Arc::new(request), self.ask(Some(shown))).await
    }

    pub(crate) async fn http(&self, method: &str, path: &str, shown: Option<&Identity>) -> Told {
        let address = self.service.addresses().http;
        let client = HttpClient::builder("payments")
            .config(HttpClientConfig {
                base_url: Some(
                    format!("https://localhost:{}", address.port())
                        .parse()
                        .unwrap(),
                ),
                propagation: Propagation::Identity,
                tls: ClientTlsConfig {
                    ca: Some(self.authority.certificate()),
                    certificate: shown.map(|identity| identity.certificate.clone()),
                    key: shown.map(|identity| identity.key.clone()),
                },
                ..HttpClientConfig::default()
            })
            .build()
            .unwrap();
        let answer = match client.request(method.parse().unwrap(), path).send().await {
            Ok(answer) => answer,
            Err(error) => return Told::CutOff(format!("{error:?}")),
        };
        let status = answer.status();
        let text = answer.text().await.unwrap();
        if status.is_success() {
            return Told::Actor(text);
        }
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        Told::Refused(
            status,
            problem["reason"].as_str().unwrap_or(&text).to_owned(),
        )
    }

    pub(crate) async fn grpc(&self, shown: Option<&Identity>) -> Told {
        let address = self.service.addresses().grpc.unwrap();
        let mut config = GrpcClientConfig::new(format!("https://localhost:{}", address.port()));
        config.propagation = Propagation::Identity;
        config.tls = GrpcClientTlsConfig {
            ca: Some(self.authority.certificate()),
            certificate: shown.map(|identity| identity.certificate.clone()),
            key: shown.map(|identity| identity.key.clone()),
            server_name: None,
        };
        let channel = GrpcChannel::builder("payments", config).build().unwrap();
        let mut client = Grpc::new(channel);
        client.ready().await.unwrap();
        let codec: ProstCodec<(), String> = ProstCodec::default();
        let path = PathAndQuery::from_static(METHOD);
        match client.unary(tonic::Request::new(()), path, codec).await {
            Ok(answer) => Told::Actor(answer.into_inner()),
            Err(status) => match status.code() {
                tonic::Code::Unauthenticated => {
                    Told::Refused(StatusCode::UNAUTHORIZED, status.message().to_owned())
                }
                tonic::Code::PermissionDenied => {
                    Told::Refused(StatusCode::FORBIDDEN, status.message().to_owned())
                }
                _ => Told::CutOff(format!("{status:?}")),
            },
        }
    }

    /// Waits until both listeners have refused more handshakes than `before`. A client may see the end
    /// of its connection before the server counts it.
    pub(crate) async fn refuses_handshakes_since(&self, before: [u64; 2]) {
        let counted = async {
            while !std::iter::zip(self.refused_handshakes(), before).all(|(now, then)| now > then) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TIMEOUT, counted).await.unwrap();
    }

    /// How many handshakes the listeners for HTTP and gRPC have refused.
    pub(crate) fn refused_handshakes(&self) -> [u64; 2] {
        let text = self.metrics.render(Format::PrometheusText);
        ["http", "grpc"].map(|listener| {
            let of = format!("listener=\"{listener}\"");
            let line = text
                .lines()
                .find(|line| line.contains("handshake_failed") && line.contains(&of));
            let value = line.and_then(|line| line.rsplit(' ').next());
            value
                .unwrap_or_else(|| panic!("{listener}: {text}"))
                .parse()
                .unwrap()
        })
    }
}

fn who() -> Result<String, Error> {
    let context = context::current().ok_or_else(|| Error::internal("no request"))?;
    let actor = context.actor().map(|actor| actor.as_str().to_owned());
    Ok(actor.unwrap_or_else(|| "nobody".to_owned()))
}

/// What generated code does for a method, without a contract to generate it from.
async fn who_over_grpc(request: Request) -> Response<Body> {
    let codec: ProstCodec<String, ()> = ProstCodec::default();
    let method = tower::service_fn(async |_: tonic::Request<()>| {
        let actor = who().map_err(|error| Status::internal(error.to_string()))?;
        Ok::<_, Status>(tonic::Response::new(actor))
    });
    let answer = tonic::server::Grpc::new(codec).unary(method, request).await;
    answer.map(Body::new)
}
