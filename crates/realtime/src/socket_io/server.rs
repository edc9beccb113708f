use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::BoxFuture;
use seaworthy_core::Error;
use seaworthy_telemetry::metrics::Counter;
use serde_json::Value;

use super::{Call, Handshake, Peer, Socket, unauthenticated::Unauthenticated};
use crate::{Hub, Message, Room};

pub(super) type Authenticate =
    Box<dyn Fn(Handshake) -> BoxFuture<'static, Result<Peer, Error>> + Send + Sync>;
pub(super) type OnConnect = Box<dyn Fn(&Socket, &Value) + Send + Sync>;
pub(super) type OnDisconnect = Arc<dyn Fn(&Socket, &[Room]) + Send + Sync>;
pub(super) type Handle =
    Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Message, Error>> + Send + Sync>;

/// The handler of an event.
#[derive(Clone)]
pub(super) struct Handler {
    pub(super) handle: Handle,
    pub(super) handled: Counter,
    pub(super) failed: Counter,
}

/// The parts of a server that all sessions share.
pub(super) struct Server {
    pub(super) hub: Hub,
    pub(super) namespaces: HashSet<Box<str>>,
    pub(super) authenticate: Authenticate,
    pub(super) on_connect: Option<OnConnect>,
    pub(super) on_disconnect: Option<OnDisconnect>,
    pub(super) handlers: HashMap<Box<str>, Handler>,
    pub(super) rejected: Counter,
    pub(super) unauthenticated: Arc<Unauthenticated>,
    pub(super) allowed_origins_only: bool,
}
