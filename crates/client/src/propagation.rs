use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use seaworthy_core::{Actor, RequestContext, Tenant, TraceContext};
use serde::{Deserialize, Serialize};

/// What of the running request is told to a dependency (MSG-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// Nothing: for strangers.
    None,
    /// Its identifier, its place in the trace and the time that is left.
    #[default]
    Request,
    /// The same and the address of the client, as a proxy tells it: for services of the same owner, which believe it by their `trusted_proxies`.
    Address,
    /// What `request` tells, and its baggage, which callers fill as they like: for services of the same owner.
    Baggage,
    /// All of these and for whom it is made, actor and tenant: for services of the same owner that believe this one, which they know by a certificate or a token of its own.
    Identity,
}

pub(crate) const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");
/// Whom a request is made for; believed of services alone that may speak for others.
const ACTOR: HeaderName = HeaderName::from_static("x-actor-id");
const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
/// What a proxy says of the client.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

impl Propagation {
    /// Writes what is the same for all attempts of a call: what both clients tell, over HTTP and over gRPC. `trace` is the span of the call.
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

    pub(crate) const fn tells_time(self) -> bool {
        !matches!(self, Self::None)
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
        headers.insert(name, value);
    }
}
