use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{
        FromRequest as _, FromRequestParts as _, Query, Request,
        ws::{WebSocketUpgrade, close_code},
    },
    response::{IntoResponse as _, Response},
};
use futures::stream;
use http::{HeaderValue, Method, header};
use seaworthy_core::{Code, Error};
use seaworthy_http::OpenEnded;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use super::{
    Protocol,
    packet::Packet,
    payload::Payload,
    registry::{Command, Registry, Rejected},
    session::Session,
};
use crate::{ConnectError, RealtimeConfig, websocket::close};

/// The version of Engine.IO.
const VERSION: &str = "4";
/// Size of the read buffer, in bytes. Most messages of clients are smaller.
const READ_BUFFER: usize = 1024;
/// Maximum number of sessions, including unauthenticated ones, per allowed connection.
const SESSIONS_PER_CONNECTION: usize = 2;

/// Creates the protocol of a session.
type CreateProtocol<P> = Box<dyn Fn() -> Result<P, Error> + Send + Sync>;

/// The sessions of a service.
pub(in crate::socket_io) struct Engine<P> {
    config: RealtimeConfig,
    registry: Arc<Registry>,
    create: CreateProtocol<P>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

impl<P: Protocol> Engine<P> {
    pub(in crate::socket_io) fn new(
        config: &RealtimeConfig,
        create: impl Fn() -> Result<P, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            config: config.clone(),
            registry: Arc::default(),
            create: Box::new(create),
        }
    }

    fn session(&self) -> Result<Session<P>, Error> {
        let protocol = (self.create)()?;
        let max = self.config.max_connections.get() as usize * SESSIONS_PER_CONNECTION;
        let permit = self.registry.try_acquire(max);
        let permit = permit.ok_or(ConnectError::TooManyConnections)?;
        Ok(Session::new(permit, protocol, &self.config))
    }

    fn polling(&self, id: &str) -> Result<mpsc::Sender<Command>, Error> {
        self.registry.polling(id).ok_or_else(unknown_session)
    }
}

/// Responds to a request of Engine.IO.
pub(in crate::socket_io) async fn serve<P: Protocol>(
    engine: &Engine<P>,
    request: Request,
) -> Result<Response, Error> {
    let (mut head, body) = request.into_parts();
    let parameters = Query::<Parameters>::try_from_uri(&head.uri);
    let Query(parameters) = parameters.map_err(|_| invalid("the query is not valid"))?;
    if parameters.version.as_deref() != Some(VERSION) {
        return Err(invalid("the protocol version is not supported: use EIO=4"));
    }
    let id = parameters.sid.as_deref();
    match (parameters.transport.as_deref(), &head.method, id) {
        (Some("websocket"), _, id) => {
            let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &()).await;
            match upgrade {
                Ok(upgrade) => upgraded(engine, upgrade, id).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        }
        (Some("polling"), _, _) if !engine.config.polling => {
            Err(invalid("polling is not available: use transport=websocket"))
        }
        (Some("polling"), &Method::GET, None) => open_polling(engine),
        (Some("polling"), &Method::GET, Some(id)) => poll(engine.polling(id)?).await,
        (Some("polling"), &Method::POST, Some(id)) => {
            let session = engine.polling(id)?;
            let body = Bytes::from_request(Request::from_parts(head, body), &()).await;
            match body {
                Ok(body) => push(session, &body).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        }
        (Some("polling"), _, _) => Err(invalid("the method is not valid: use GET or POST")),
        _ => Err(invalid(
            "the transport is not known: use polling or websocket",
        )),
    }
}

async fn upgraded<P: Protocol>(
    engine: &Engine<P>,
    upgrade: WebSocketUpgrade,
    id: Option<&str>,
) -> Result<Response, Error> {
    let max_size = engine.config.max_message_size.as_usize();
    let upgrade = upgrade
        .max_message_size(max_size)
        .max_frame_size(max_size)
        .read_buffer_size(READ_BUFFER);
    let Some(id) = id else {
        let session = engine.session()?;
        let first = vec![session.open_packet(&[], &engine.config)];
        return Ok(upgrade.on_upgrade(move |websocket| {
            Box::pin(session.run_websocket(Box::new(websocket), first))
        }));
    };
    let (sender, websocket) = oneshot::channel();
    let accepted = match engine.polling(id) {
        Ok(session) => send_command(session, |reply| Command::Upgrade(websocket, reply)).await,
        Err(unknown) => Err(unknown),
    };
    let limit = engine.config.ping_timeout.get();
    Ok(upgrade.on_upgrade(async move |mut websocket| {
        // Clients expect a closed WebSocket instead of a status.
        match accepted {
            Ok(()) => drop(sender.send(websocket)),
            Err(_) => close(&mut websocket, close_code::POLICY, limit).await,
        }
    }))
}

fn open_polling<P: Protocol>(engine: &Engine<P>) -> Result<Response, Error> {
    let session = engine.session()?;
    let open = session.open_packet(&["websocket"], &engine.config);
    let commands = session.permit.accept_requests();
    tokio::spawn(session.run_polling(commands));
    Ok(text(Packet::payload([&open]).into()))
}

/// Sends the response head immediately, so that metrics do not count the wait as latency.
async fn poll(session: mpsc::Sender<Command>) -> Result<Response, Error> {
    let packets = send_command(session, Command::Poll).await?;
    let body = async { packets.await.map(Payload::take) };
    let mut response = text(Body::from_stream(stream::once(body)));
    response.extensions_mut().insert(OpenEnded);
    Ok(response)
}

async fn push(session: mpsc::Sender<Command>, body: &[u8]) -> Result<Response, Error> {
    let packets = std::str::from_utf8(body).map_err(|_| super::Malformed);
    let packets = packets.and_then(Packet::parse_payload);
    send_command(session, |reply| Command::Push(packets, reply)).await?;
    Ok(text("ok".into()))
}

async fn send_command<T>(
    session: mpsc::Sender<Command>,
    command: impl FnOnce(oneshot::Sender<Result<T, Rejected>>) -> Command,
) -> Result<T, Error> {
    let (sender, reply) = oneshot::channel();
    let sent = session.send(command(sender)).await;
    sent.map_err(|_| unknown_session())?;
    match reply.await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(Rejected)) => Err(invalid("the request is not valid in this session")),
        Err(_) => Err(unknown_session()),
    }
}

fn text(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx buffers responses by default.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn unknown_session() -> Error {
    Error::new(
        Code::Invalid,
        "UNKNOWN_SESSION",
        "the session is unknown or has ended: open another session",
    )
}

fn invalid(message: &'static str) -> Error {
    Error::new(Code::Invalid, "INVALID_REQUEST", message)
}
