//! The services behind this one, each with its named policies, and every call with an end.

mod events;
mod joins;
mod people;
mod standing;

use std::time::Duration;

use city_events_contract::{
    DESCRIPTORS, auth::v1::auth_service_client::AuthServiceClient,
    event::v1::event_service_client::EventServiceClient,
    join::v1::join_service_client::JoinServiceClient,
};
use seaworthy::{
    client::HttpClient,
    config::Settings,
    grpc::client::{GrpcChannel, GrpcClients},
    prelude::*,
};
use tonic::{Request, metadata::MetadataValue};

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

/// The list of all whose tokens were taken back in a day: for more than half a million of them.
const LARGEST_LIST: usize = 32 * 1024 * 1024;

/// The services.
#[derive(Clone)]
pub(crate) struct Upstreams {
    event: EventServiceClient<GrpcChannel>,
    join: JoinServiceClient<GrpcChannel>,
    auth: AuthServiceClient<GrpcChannel>,
    channels: [(&'static str, GrpcChannel); 3],
    /// Whose routes are passed on as they are.
    pub(crate) auth_http: HttpClient,
    /// The same of the feed.
    pub(crate) feed_http: HttpClient,
}

impl Upstreams {
    pub(crate) fn new<C: Settings>(service: &Assembly<C>) -> Result<Self, StartError> {
        let channel = |name| -> Result<GrpcChannel, StartError> {
            let builder = service.grpc_client(name)?;
            Ok(builder.contract(DESCRIPTORS).build()?)
        };
        let (event, join, auth) = (channel("event")?, channel("join")?, channel("auth")?);
        Ok(Self {
            event: EventServiceClient::new(event.clone()),
            join: JoinServiceClient::new(join.clone()),
            auth: AuthServiceClient::new(auth.clone()).max_decoding_message_size(LARGEST_LIST),
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
