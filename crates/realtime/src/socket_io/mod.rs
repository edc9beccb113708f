//! Socket.IO 5 over Engine.IO 4.

mod call;
mod engine;
#[cfg(test)]
mod flood_tests;
#[cfg(test)]
mod limit_tests;
mod namespace;
#[cfg(test)]
mod official_suite_tests;
mod packet;
mod peer;
mod rate;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod unauthenticated;
mod work;

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::any,
};
use futures::FutureExt as _;
use seaworthy_core::Error;
use seaworthy_http::{Access, ErrorRenderer, RouteOptions, Routes};
use seaworthy_telemetry::metrics::Counter;
use serde_json::Value;

use crate::{Hub, Message, Room};
use engine::Engine;
use server::{Handler, Server};
use session::{Origin, Session};

pub use call::{Call, Socket};
pub use peer::{Handshake, Peer};

/// The default namespace.
const DEFAULT_NAMESPACE: &str = "/";

/// A server of Socket.IO. Its clients are connections of a [`Hub`].
///
/// ```
/// use seaworthy_core::{Actor, Error, Grants};
/// use seaworthy_realtime::{Call, Event, Handshake, Hub, Peer, RealtimeConfig, Room, SocketIo};
/// use seaworthy_telemetry::metrics::Metrics;
/// use serde_json::{Value, json};
///
/// async fn authenticate(handshake: Handshake) -> Result<Peer, Error> {
///     let user = handshake.token()?; // Verify the token here.
///     Ok(Peer::new(Actor::new(user), Grants::default()))
/// }
///
/// async fn join(call: Call) -> Result<Value, Error> {
///     let room = Room::new("chat", call.data::<u64>()?).map_err(Error::internal)?;
///     call.socket().join(room)?;
///     Ok(json!({ "ok": true }))
/// }
///
/// let hub = Hub::new(&RealtimeConfig::default(), &Metrics::new());
/// let routes = SocketIo::new(&hub, authenticate).on("join", join).routes("/socket.io");
/// assert_eq!(routes.list()[0].path, "/socket.io");
/// ```
#[must_use = "a server does nothing until its routes are served"]
pub struct SocketIo {
    server: Server,
    errors: ErrorRenderer,
}

impl SocketIo {
    /// Creates a server with the settings of a hub. `authenticate` runs for each client that
    /// connects to a namespace, and again when the client sends new credentials.
    pub fn new<F, A>(hub: &Hub, authenticate: A) -> Self
    where
        A: Fn(Handshake) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Peer, Error>> + Send + 'static,
    {
        let server = Server {
            hub: hub.clone(),
            namespaces: HashSet::from([DEFAULT_NAMESPACE.into()]),
            authenticate: Box::new(move |handshake| authenticate(handshake).boxed()),
            on_connect: None,
            on_disconnect: None,
            handlers: HashMap::new(),
            rejected: calls(hub, "", "rejected"),
            unauthenticated: Arc::default(),
            allowed_origins_only: false,
        };
        Self {
            server,
            errors: Arc::new(|error| error.into_response()),
        }
    }

    /// Sets the format of errors of requests. By default, they are problem documents.
    pub fn error_renderer(mut self, renderer: ErrorRenderer) -> Self {
        self.errors = renderer;
        self
    }

    /// Accepts clients in a further namespace, such as `/admin`.
    pub fn namespace(mut self, name: &str) -> Self {
        self.server.namespaces.insert(name.into());
        self
    }

    /// Rejects clients on pages of origins that CORS does not allow, over WebSocket and polling.
    pub fn allowed_origins_only(mut self) -> Self {
        self.server.allowed_origins_only = true;
        self
    }

    /// Calls `on_connect` with each client that has connected, and with its `auth`.
    pub fn on_connect(
        mut self,
        on_connect: impl Fn(&Socket, &Value) + Send + Sync + 'static,
    ) -> Self {
        self.server.on_connect = Some(Box::new(on_connect));
        self
    }

    /// Calls `on_disconnect` after a connection ends, with its client and the rooms that it was in.
    pub fn on_disconnect(
        mut self,
        on_disconnect: impl Fn(&Socket, &[Room]) + Send + Sync + 'static,
    ) -> Self {
        self.server.on_disconnect = Some(Arc::new(on_disconnect));
        self
    }

    /// Handles the events of a name. The client receives the result as an acknowledgement, if it
    /// requests one. It receives an error as `{"ok": false, "code": …, "message": …}`.
    ///
    /// The events of one client are handled one after the other.
    pub fn on<T, F, H>(mut self, event: &str, handler: H) -> Self
    where
        H: Fn(Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Into<Message>,
    {
        let handler = Handler {
            handle: Arc::new(move |call| handler(call).map(|result| result.map(T::into)).boxed()),
            handled: calls(&self.server.hub, event, "handled"),
            failed: calls(&self.server.hub, event, "failed"),
        };
        self.server.handlers.insert(event.into(), handler);
        self
    }

    /// Handles the events of a name as [`on`](Self::on) does, with a state that handlers share.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use seaworthy_core::Error;
    /// use seaworthy_realtime::{Call, SocketIo};
    /// use serde_json::Value;
    ///
    /// struct Greetings(&'static str);
    ///
    /// impl Greetings {
    ///     async fn greet(self: Arc<Self>, _: Call) -> Result<Value, Error> {
    ///         Ok(self.0.into())
    ///     }
    /// }
    ///
    /// fn handlers(server: SocketIo, greetings: &Arc<Greetings>) -> SocketIo {
    ///     server.on_with("greet", greetings, Greetings::greet)
    /// }
    /// ```
    pub fn on_with<S, T, F>(
        self,
        event: &str,
        state: &Arc<S>,
        handler: fn(Arc<S>, Call) -> F,
    ) -> Self
    where
        S: Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: Into<Message>,
    {
        let state = Arc::clone(state);
        self.on(event, move |call| handler(Arc::clone(&state), call))
    }

    /// Returns the routes. Clients expect the path `/socket.io`.
    pub fn routes(self, path: &str) -> Routes {
        let config = self.server.hub.config().clone();
        // Clients authenticate by their first message. The query contains the session ID.
        let options = RouteOptions::new()
            .access(Access::Public)
            .body_limit(config.max_message_size)
            .sensitive_query();
        let options = match self.server.allowed_origins_only {
            true => options.allowed_origins_only(),
            false => options,
        };
        let path = path.trim_end_matches('/');
        Routes::new()
            .route_with(path, any(serve), options.clone())
            .route_with(&format!("{path}/"), any(serve), options)
            .with_state(self.state())
    }

    fn state(self) -> (ErrorRenderer, Arc<Engine<Session>>) {
        let config = self.server.hub.config().clone();
        let server = Arc::new(self.server);
        let open = move || Session::open(Arc::clone(&server), Origin::current());
        (self.errors, Arc::new(Engine::new(&config, open)))
    }
}

async fn serve(
    State((errors, engine)): State<(ErrorRenderer, Arc<Engine<Session>>)>,
    request: Request,
) -> Response {
    let served = engine::serve(&engine, request).await;
    served.unwrap_or_else(|error| errors(error))
}

fn calls(hub: &Hub, event: &str, outcome: &str) -> Counter {
    let help = "Events from clients, by name and outcome.";
    let labels = [("event", event), ("outcome", outcome)];
    hub.metrics().counter("realtime_calls_total", help, &labels)
}
