//! The services behind this one, each with its named policies, and every call with an end.

mod events;
mod joins;
mod people;
mod standing;

use std::time::Duration;

use city_events_contract::{
    AUTH_SERVICE, DESCRIPTORS, GATEWAY, ServiceCallsConfig,
    auth::v1::auth_service_client::AuthServiceClient,
    event::v1::event_service_client::EventServiceClient,
    join::v1::join_service_client::JoinServiceClient,
};
use seaworthy::{
    auth::{ServiceTokenLayer, ServiceTokenService},
    client::HttpClient,
    config::Settings,
    grpc::client::{GrpcChannel, GrpcClients},
    prelude::*,
};
use tonic::{Request, metadata::MetadataValue};
use tower_layer::Layer as _;

use crate::caller::Caller;

pub(crate) use joins::{Joined, People};

/// An event page waits for its event this long.
const EVENT_PAGE: Duration = Duration::from_millis(1_200);
/// And this long for what may be missing on it.
const PARTS: Duration = Duration::from_millis(800);
/// A public list.
const LIST: Duration = Duration::from_millis(1_500);
/// Somebody's turn in a crowd that wants to go to one event: less than the ten seconds that browsers wait.
const TURN: Duration = Duration::from_secs(8);
/// Everything else.
const CALL: Duration = Duration::from_secs(2);

/// The services.
#[derive(Clone)]
pub(crate) struct Upstreams {
    event: EventServiceClient<GrpcChannel>,
    join: JoinServiceClient<GrpcChannel>,
    /// Which is shown who calls: by a token, or where there is none by a certificate.
    auth: AuthServiceClient<ServiceTokenService<GrpcChannel>>,
    channels: [(&'static str, GrpcChannel); 3],
    /// Whose routes are passed on as they are.
    pub(crate) auth_http: HttpClient,
    /// The same of the feed.
    pub(crate) feed_http: HttpClient,
}

impl Upstreams {
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        calls: &ServiceCallsConfig,
    ) -> Result<Self, StartError> {
        let tokens = calls.tokens(GATEWAY, AUTH_SERVICE)?;
        let clients = &service.framework().grpc_clients;
        let shows_certificate = clients
            .get("auth")
            .is_some_and(|auth| auth.tls.certificate.is_some());
        if tokens.is_none() && !shows_certificate {
            return Err(StartError::new(
                "auth answers nobody who does not prove who they are: set service_calls.secret, of at least 32 bytes, or grpc_clients.auth.tls.certificate",
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
        })
    }
}

/// A call that nobody is named for.
fn anonymous<T>(message: T, limit: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// A call for somebody: what they sent to prove who they are goes along.
fn of<T>(caller: &Caller, message: T, limit: Duration) -> Request<T> {
    let mut request = anonymous(message, limit);
    if let Some(authorization) = &caller.authorization
        && let Ok(mut value) = MetadataValue::try_from(authorization.as_bytes())
    {
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
    }
    request
}
