use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use seaworthy_core::{Actor, RequestContext, Tenant, TraceContext};
use serde::{Deserialize, Serialize};

/// Data of the current request that a call propagates (MSG-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// Nothing, for services of others.
    None,
    /// Request ID, trace context and remaining time.
    #[default]
    Request,
    /// Those of `request` and the client's address. The dependency trusts it by its
    /// `trusted_proxies`.
    Address,
    /// Those of `request` and the baggage, which clients set. Use it for your own services.
    Baggage,
    /// All of these, the actor and the tenant. Use it for your own services, which authenticate
    /// this service by a certificate or a token.
    Identity,
}

pub(crate) const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");
/// The actor of the request. Only services that may act for other callers are trusted.
const ACTOR: HeaderName = HeaderName::from_static("x-actor-id");
const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
/// The client's address.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

impl Propagation {
    /// Sets the headers that all attempts of a call share, over HTTP and gRPC. `trace` is the span
    /// of the call.
    pub fn apply(
        self,
        headers: &mut HeaderMap,
        request: Option<&RequestContext>,
        trace: &TraceContext,
    ) {
        if self == Self::None {
            return;
        }
        if let Ok(value) = HeaderValue::from_bytes(&trace.traceparent().to_bytes()) {
            headers.insert(TRACEPARENT, value);
        }
        insert(headers, TRACESTATE, trace.tracestate());
        let request_id = request.map(|request| request.request_id().as_str());
        insert(headers, REQUEST_ID, request_id);
        if matches!(self, Self::Baggage | Self::Identity) {
            insert(headers, BAGGAGE, trace.baggage());
        }
        if matches!(self, Self::Address | Self::Identity) {
            let address = request.and_then(RequestContext::client_address);
            let address = address.map(|address| address.to_string());
            insert(headers, CLIENT_ADDRESS, address.as_deref());
        }
        if self == Self::Identity {
            let actor = request.and_then(|request| request.actor());
            insert(headers, ACTOR, actor.map(Actor::as_str));
            let tenant = request.and_then(|request| request.tenant());
            insert(headers, TENANT, tenant.map(Tenant::as_str));
        }
    }

    pub(crate) const fn sends_timeout(self) -> bool {
        !matches!(self, Self::None)
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
        headers.insert(name, value);
    }
}
