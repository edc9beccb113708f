//! Clients of the upstream services. Each has named policies, and each call has a timeout.

mod events;
mod health;
mod imports;
mod joins;
mod pictures;
mod users;

use std::time::Duration;

use city_events_contract::{
    AUTH_SERVICE, DESCRIPTORS, GATEWAY, ServiceCallsConfig,
    auth::v1::auth_service_client::AuthServiceClient,
    event::v1::event_service_client::EventServiceClient,
    join::v1::join_service_client::JoinServiceClient,
};
use seaworthy::{
    auth::{ServiceTokenLayer, ServiceTokenService},
    client::{HttpClient, RequestBuilder},
    config::Settings,
    core::context,
    grpc::client::{GrpcChannel, GrpcClients},
    prelude::*,
};
use tonic::{Request, metadata::MetadataValue};
use tower_layer::Layer as _;

use crate::caller::Caller;

pub(crate) use events::MAX_BATCH_SIZE;
pub(crate) use imports::ImportChange;
pub(crate) use joins::{JoinOutcome, ParticipantList};
pub(crate) use pictures::{PictureError, PictureFile, PictureStatus};

/// Timeout of the event of an event page.
const EVENT_TIMEOUT: Duration = Duration::from_millis(1_200);
/// Timeout of the optional parts of an event page.
const OPTIONAL_TIMEOUT: Duration = Duration::from_millis(800);
/// Timeout of a public list.
const LIST_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Timeout of a join, which may wait for many others of the same event. The pages wait 10 seconds.
const JOIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Timeout of a call with a file.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(8);
/// Timeout of all other calls.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The clients of the upstream services. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstreams {
    event: EventServiceClient<GrpcChannel>,
    join: JoinServiceClient<GrpcChannel>,
    /// Calls have a service token, or the channel has a client certificate.
    auth: AuthServiceClient<ServiceTokenService<GrpcChannel>>,
    channels: [(&'static str, GrpcChannel); 3],
    /// The HTTP routes of the auth service, which are proxied.
    pub(crate) auth_http: HttpClient,
    /// The HTTP routes of the feed service.
    pub(crate) feed_http: HttpClient,
    /// The HTTP routes of the media service.
    pub(crate) media_http: HttpClient,
}

impl Upstreams {
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        calls: &ServiceCallsConfig,
    ) -> Result<Self, StartError> {
        let tokens = calls.tokens(GATEWAY, AUTH_SERVICE)?;
        let clients = &service.framework().grpc_clients;
        let has_certificate = clients
            .get("auth")
            .is_some_and(|auth| auth.tls.certificate.is_some());
        if tokens.is_none() && !has_certificate {
            return Err(StartError::new(
                "the auth service requires credentials of its callers: set service_calls.secret to at least 32 bytes, or set grpc_clients.auth.tls.certificate",
            ));
        }
        let channel = |name| -> Result<GrpcChannel, StartError> {
            let builder = service.grpc_client(name)?;
            Ok(builder.contract(DESCRIPTORS).build()?)
        };
        let (event, join, auth) = (channel("event")?, channel("join")?, channel("auth")?);
        Ok(Self {
            event: EventServiceClient::new(event.clone()),
            join: JoinServiceClient::new(join.clone()),
            auth: AuthServiceClient::new(ServiceTokenLayer::optional(tokens).layer(auth.clone())),
            channels: [("auth", auth), ("event", event), ("join", join)],
            auth_http: service.http_client("auth")?,
            feed_http: service.http_client("feed")?,
            media_http: service.http_client("media")?,
        })
    }
}

/// Creates a call without the caller's credentials.
fn anonymous<T>(message: T, timeout: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

/// Creates a call with the caller's credentials.
fn authenticated<T>(caller: &Caller, message: T, timeout: Duration) -> Request<T> {
    let mut request = anonymous(message, timeout);
    if let Some(authorization) = &caller.authorization
        && let Ok(mut value) = MetadataValue::try_from(authorization.as_bytes())
    {
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
    }
    request
}

/// Adds the address of the client, which other services limit and record.
pub(crate) fn forward_address(request: RequestBuilder) -> RequestBuilder {
    let address =
        context::with_current(|context| context.and_then(|context| context.client_address()));
    match address {
        Some(address) => request.header("x-forwarded-for", address.to_string()),
        None => request,
    }
}
