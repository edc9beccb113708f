use std::{convert::Infallible, time::Duration};

use axum::response::{IntoResponse as _, Response, Sse, sse};
use futures::{Stream, stream};
use http::{HeaderValue, header};

use seaworthy_http::OpenEnded;

use crate::{Closed, Connection, Event};

/// Clients reconnect after a random backoff in this range, so that they do not all reconnect at the
/// same time.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// The client may have missed events, and has to read the state.
pub(crate) const RESYNC: &str = "resync";
/// The service stops. Browsers connect again automatically.
pub(crate) const DRAINING: &str = "draining";

/// Responds with server-sent events (WHATWG HTML, section 9.2) until the client or the service ends
/// the stream.
///
/// The first event is `resync`: the client reads the state, because it may have missed events while
/// it was not connected. If the client reads too slowly, the stream ends, and the client connects
/// again. If the service stops, the last event is `draining`.
///
/// ```
/// use axum::response::Response;
/// use seaworthy_core::Error;
/// use seaworthy_realtime::{Client, Hub, Room, sse};
///
/// async fn live(hub: Hub, client: Client, room: Room) -> Result<Response, Error> {
///     let connection = hub.connect(&client)?;
///     connection.join(room).map_err(Error::internal)?;
///     Ok(sse(connection))
/// }
/// ```
pub fn sse(connection: Connection) -> Response {
    let keep_alive = sse::KeepAlive::new().interval(connection.config().keep_alive.get());
    let mut response = Sse::new(events(connection))
        .keep_alive(keep_alive)
        .into_response();
    // The hub limits connections. They must not count towards the requests in flight.
    response.extensions_mut().insert(OpenEnded);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx buffers responses by default.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The next step of the stream of events.
enum Step {
    First(Connection),
    Next(Connection),
    End,
}

fn events(connection: Connection) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold(Step::First(connection), |step| async {
        let (event, next) = match step {
            Step::First(connection) => {
                let retry = rand::random_range(MIN_BACKOFF..MAX_BACKOFF);
                let event = sse::Event::default().event(RESYNC).data("{}").retry(retry);
                (event, Step::Next(connection))
            }
            Step::Next(mut connection) => match connection.next().await {
                Ok(event) => (encode(&event), Step::Next(connection)),
                Err(Closed::Draining) => {
                    let event = sse::Event::default().event(DRAINING).data("{}");
                    (event, Step::End)
                }
                Err(Closed::TooSlow | Closed::Disconnected) => return None,
            },
            Step::End => return None,
        };
        Some((Ok(event), next))
    })
}

/// The payload is JSON without line breaks, so it is one line of data.
fn encode(event: &Event) -> sse::Event {
    let payload = event.payload_text();
    sse::Event::default().event(event.name()).data(payload)
}
