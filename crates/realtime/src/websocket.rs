use std::time::Duration;

use axum::{
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    response::Response,
};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    Closed, Connection, Event,
    sse::{DRAINING, RESYNC},
};

/// Maximum size of a received message, in bytes. Clients only respond to pings.
const MAX_RECEIVED: usize = 1024;
/// Several round trips.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Upgrades a request to a WebSocket, until the client or the service closes it. Each event is a
/// text message such as `{"event":"seats","data":{"left":3}}`. Messages of the client are ignored.
///
/// The first event is `resync`: the client reads the state, because it may have missed events while
/// it was not connected. If the service stops, the last event is `draining`, with the close code
/// 1012. A client that reads too slowly gets the close code 1013, and one that was disconnected
/// 1008.
///
/// ```
/// use axum::{extract::ws::WebSocketUpgrade, response::Response};
/// use seaworthy_core::Error;
/// use seaworthy_realtime::{Client, Hub, Room, websocket};
///
/// async fn live(hub: Hub, client: Client, room: Room, upgrade: WebSocketUpgrade) -> Result<Response, Error> {
///     let connection = hub.connect(&client)?;
///     connection.join(room)?;
///     Ok(websocket(upgrade, connection))
/// }
/// ```
pub fn websocket(upgrade: WebSocketUpgrade, connection: Connection) -> Response {
    upgrade
        .max_message_size(MAX_RECEIVED)
        .max_frame_size(MAX_RECEIVED)
        .read_buffer_size(MAX_RECEIVED)
        .on_upgrade(|websocket| Box::pin(run(websocket, connection)))
}

async fn run(mut websocket: WebSocket, mut connection: Connection) {
    let limit = connection.config().ping_timeout.get();
    let reason = exchange(&mut websocket, &mut connection).await;
    let Some(reason) = reason else {
        return;
    };
    let code = match reason {
        Closed::TooSlow => close_code::AGAIN,
        Closed::Draining => close_code::RESTART,
        Closed::Disconnected => close_code::POLICY,
    };
    if reason == Closed::Draining {
        let _ = timeout(limit, websocket.send(encode(DRAINING, "{}"))).await;
    }
    close(&mut websocket, code, limit).await;
}

/// Sends a close frame, and waits for that of the client. Otherwise a reset could discard the last
/// messages.
pub(crate) async fn close(websocket: &mut WebSocket, code: u16, limit: Duration) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    };
    let closing = async {
        websocket.send(Message::Close(Some(frame))).await?;
        let answer = async { while let Some(Ok(_)) = websocket.recv().await {} };
        let _ = timeout(CLOSE_TIMEOUT, answer).await;
        Ok::<_, axum::Error>(())
    };
    let _ = timeout(limit, closing).await;
}

/// Sends events until the client has disconnected (`None`) or the hub closes the connection.
async fn exchange(websocket: &mut WebSocket, connection: &mut Connection) -> Option<Closed> {
    let interval = connection.config().keep_alive.get();
    let limit = connection.config().ping_timeout.get();
    let mut last_received = Instant::now();
    let mut next_ping = last_received + interval;
    let mut message = Some(encode(RESYNC, "{}"));
    loop {
        if let Some(message) = message.take() {
            timeout(limit, websocket.send(message)).await.ok()?.ok()?;
        }
        tokio::select! {
            event = connection.next() => match event {
                Ok(event) => message = Some(encode_event(&event)),
                Err(reason) => return Some(reason),
            },
            received = websocket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => last_received = Instant::now(),
            },
            () = sleep_until(next_ping) => {
                if last_received.elapsed() > interval + limit {
                    return None;
                }
                next_ping += interval;
                message = Some(Message::Ping(Vec::new().into()));
            }
        }
    }
}

fn encode_event(event: &Event) -> Message {
    encode(event.name(), &event.payload_text())
}

/// Encodes an event. Names of events need no escape in JSON.
fn encode(name: &str, payload: &str) -> Message {
    Message::Text(format!("{{\"event\":\"{name}\",\"data\":{payload}}}").into())
}
