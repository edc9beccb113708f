use std::sync::Arc;

use axum::{body::Body, extract::Request};
use http::{Response, StatusCode};
use seaworthy_auth::{Peer, PeerAuthentication};
use seaworthy_client::{ClientTlsConfig, HttpClient, HttpClientConfig, Propagation};
use seaworthy_config::Loader;
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

/// A service with mutual TLS on both listeners. It responds with the actor of the request.
pub(crate) struct TestApp {
    pub(crate) authority: Authority,
    service: RunningService,
    metrics: Metrics,
}

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The actor of the request.
    Actor(String),
    /// The HTTP status, and the reason or the gRPC message.
    Rejected(StatusCode, String),
    /// The connection failed.
    Disconnected(String),
}

impl TestApp {
    pub(crate) async fn start(client_certificates: &str) -> Self {
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
        let loader = Loader::for_tests("payments").overrides(settings);
        let mut metrics = Metrics::new();
        let service = Service::new("payments", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                metrics = service.metrics().clone();
                service.authenticate(PeerAuthentication::new([
                    Peer::new(ORDERS).grants(Grants::new([""; 0], [SCOPE])),
                    Peer::new(GATEWAY).forwards_callers(),
                ]));
                let authenticated = |routes: Routes| {
                    routes.with_options(|options| options.access(Access::Authenticated))
                };
                let charge = Routes::new()
                    .post("/charge", async || actor())
                    .with_options(|options| options.scopes([SCOPE]));
                service.http(
                    authenticated(Routes::new().get("/actor", async || actor())).merge(charge),
                );
                service.grpc(authenticated(Routes::new().post(METHOD, actor_over_grpc)));
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

    /// Calls over HTTP and gRPC with this client certificate.
    pub(crate) async fn call(&self, identity: Option<&Identity>) -> [Outcome; 2] {
        [
            self.http("GET", "/actor", identity).await,
            self.grpc(identity).await,
        ]
    }

    /// Calls over HTTP and gRPC in the context of a request of an actor.
    pub(crate) async fn call_as(&self, actor: &str, identity: &Identity) -> [Outcome; 2] {
        let service = ServiceIdentity::new("gateway", "1.0.0");
        let request =
            RequestContext::new(service, RequestId::generate(), TraceContext::root(false));
        request.set_actor(Actor::new(actor));
        context::scope(Arc::new(request), self.call(Some(identity))).await
    }

    pub(crate) async fn http(
        &self,
        method: &str,
        path: &str,
        identity: Option<&Identity>,
    ) -> Outcome {
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
                    certificate: identity.map(|identity| identity.certificate.clone()),
                    key: identity.map(|identity| identity.key.clone()),
                },
                ..HttpClientConfig::default()
            })
            .build()
            .unwrap();
        let response = match client.request(method.parse().unwrap(), path).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Disconnected(format!("{error:?}")),
        };
        let status = response.status();
        let text = response.text().await.unwrap();
        if status.is_success() {
            return Outcome::Actor(text);
        }
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        Outcome::Rejected(
            status,
            problem["reason"].as_str().unwrap_or(&text).to_owned(),
        )
    }

    pub(crate) async fn grpc(&self, identity: Option<&Identity>) -> Outcome {
        let address = self.service.addresses().grpc.unwrap();
        let mut config = GrpcClientConfig::new(format!("https://localhost:{}", address.port()));
        config.propagation = Propagation::Identity;
        config.tls = GrpcClientTlsConfig {
            ca: Some(self.authority.certificate()),
            certificate: identity.map(|identity| identity.certificate.clone()),
            key: identity.map(|identity| identity.key.clone()),
            server_name: None,
        };
        let channel = GrpcChannel::builder("payments", config).build().unwrap();
        let mut client = Grpc::new(channel);
        client.ready().await.unwrap();
        let codec: ProstCodec<(), String> = ProstCodec::default();
        let path = PathAndQuery::from_static(METHOD);
        match client.unary(tonic::Request::new(()), path, codec).await {
            Ok(response) => Outcome::Actor(response.into_inner()),
            Err(status) => match status.code() {
                tonic::Code::Unauthenticated => {
                    Outcome::Rejected(StatusCode::UNAUTHORIZED, status.message().to_owned())
                }
                tonic::Code::PermissionDenied => {
                    Outcome::Rejected(StatusCode::FORBIDDEN, status.message().to_owned())
                }
                _ => Outcome::Disconnected(format!("{status:?}")),
            },
        }
    }

    /// Waits until both listeners have rejected more handshakes than `before`. A client may see the
    /// end of its connection before the server counts it.
    pub(crate) async fn wait_for_rejected_handshakes(&self, before: [u64; 2]) {
        let counted = async {
            while !std::iter::zip(self.rejected_handshakes(), before).all(|(now, then)| now > then)
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TIMEOUT, counted).await.unwrap();
    }

    /// Returns the number of rejected handshakes of the HTTP and gRPC listeners.
    pub(crate) fn rejected_handshakes(&self) -> [u64; 2] {
        let text = self.metrics.render(Format::PrometheusText);
        ["http", "grpc"].map(|listener| {
            let label = format!("listener=\"{listener}\"");
            let line = text
                .lines()
                .find(|line| line.contains("handshake_failed") && line.contains(&label));
            let value = line.and_then(|line| line.rsplit(' ').next());
            value
                .unwrap_or_else(|| panic!("{listener}: {text}"))
                .parse()
                .unwrap()
        })
    }
}

fn actor() -> Result<String, Error> {
    let context = context::current().ok_or_else(|| Error::internal("no request"))?;
    let actor = context.actor().map(|actor| actor.as_str().to_owned());
    Ok(actor.unwrap_or_else(|| "anonymous".to_owned()))
}

/// Serves a gRPC method without generated code.
async fn actor_over_grpc(request: Request) -> Response<Body> {
    let codec: ProstCodec<String, ()> = ProstCodec::default();
    let method = tower::service_fn(async |_: tonic::Request<()>| {
        let actor = actor().map_err(|error| Status::internal(error.to_string()))?;
        Ok::<_, Status>(tonic::Response::new(actor))
    });
    let response = tonic::server::Grpc::new(codec).unary(method, request).await;
    response.map(Body::new)
}
