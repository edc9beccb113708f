//! Live counts of participants for open event pages.
//!
//! All pages of this process share one read per second, in calls for 50 events each.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use city_events_contract::event::v1::Event as EventRecord;
use seaworthy::{
    axum::{
        extract::{Path, State},
        http::StatusCode,
        middleware::from_fn_with_state,
        response::Response,
        routing::get,
    },
    config::Settings,
    core::context,
    http::Priority,
    prelude::*,
    realtime::{Client, Event, Hub, RealtimeConfig, Room, sse},
};
use serde::Serialize;
use tonic::Code;
use uuid::Uuid;

use crate::{
    api_error::ApiError,
    limit::{CallerLimit, admit},
    responses::event_status,
    upstream::{MAX_BATCH_SIZE, Upstreams},
};

/// The interval of reads. A change is visible within this time.
const POLL_INTERVAL: Timeout = Timeout::from_secs(1);
/// The event of changed counts, as in `page.js`.
const SEATS: &str = "seats";
/// The event of another change, such as a move on the waitlist. It is a hint, and pages read their
/// own state.
const WAITLIST: &str = "waitlist";

/// The public counts of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Seats {
    event_id: String,
    active_participants: i32,
    capacity: i32,
    status: &'static str,
}

/// The state of an event that its pages show.
struct Shown {
    seats: Seats,
    /// Absent until the first run.
    revision: Option<i64>,
}

#[derive(Clone)]
struct Live {
    hub: Hub,
    upstreams: Upstreams,
    /// The last state of each event that a page shows.
    last: Arc<Mutex<HashMap<Room, Shown>>>,
}

/// Returns the route of live counts, and starts their worker.
pub(crate) fn routes<C: Settings>(
    service: &Assembly<C>,
    upstreams: &Upstreams,
    config: &RealtimeConfig,
    limit: &CallerLimit,
) -> Routes {
    let live = Live {
        hub: Hub::start(service, config),
        upstreams: upstreams.clone(),
        last: Arc::default(),
    };
    let worker = live.clone();
    let worker = Worker::new(
        "read live counts",
        Schedule::Interval(POLL_INTERVAL),
        move |_| {
            let live = worker.clone();
            async move {
                live.poll().await;
                Ok(())
            }
        },
    );
    service.worker(worker);
    let follow = get(follow).layer(from_fn_with_state(limit.clone(), admit));
    let options = RouteOptions::new()
        .access(Access::Optional)
        .priority(Priority::Background);
    Routes::new()
        .route_with("/live/events/{id}", follow, options)
        .with_state(live)
}

/// Sends server-sent events while the page is open. Only public events have live counts.
async fn follow(State(live): State<Live>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let unknown = || {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "resource_not_found",
            "event not found",
        )
    };
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let found = live.upstreams.event(&id.to_string()).await;
    let event = found.map_err(|status| match status.code() {
        Code::NotFound | Code::PermissionDenied => unknown(),
        _ => status.into(),
    })?;
    let client = context::with_current(|context| context.map(Client::from_context));
    let connection = live.hub.connect(&client.unwrap_or_default());
    let connection = connection.map_err(|error| feed_error(error.into()))?;
    let room = room(id)?;
    let joined = connection.join(room.clone());
    joined.map_err(|error| feed_error(Error::internal(error)))?;
    // The next run compares with the counts that the page shows.
    live.last().entry(room).or_insert_with(|| Shown {
        seats: Seats::of(&event),
        revision: None,
    });
    Ok(sse(connection))
}

fn room(id: Uuid) -> Result<Room, ApiError> {
    let room = Room::new("event", id);
    room.map_err(|error| feed_error(Error::internal(error)))
}

fn feed_error(error: Error) -> ApiError {
    let status = StatusCode::from_u16(error.code().http_status());
    let (code, message) = (error.reason().to_lowercase(), error.message().to_owned());
    ApiError::new(
        status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        code,
        message,
    )
    .with_cause(error)
}

impl Seats {
    fn of(event: &EventRecord) -> Self {
        Self {
            event_id: event.id.clone(),
            active_participants: event.active_participants,
            capacity: event.capacity,
            status: event_status(event.status()),
        }
    }
}

impl Live {
    /// Reads the events of all open pages, and emits those that changed. The next run repeats a
    /// failed read.
    async fn poll(&self) {
        let rooms = self.hub.rooms();
        let mut current = HashMap::with_capacity(rooms.len());
        for rooms in rooms.chunks(MAX_BATCH_SIZE) {
            let ids: Vec<_> = rooms
                .iter()
                .filter_map(Room::id)
                .map(str::to_owned)
                .collect();
            let Ok(events) = self.upstreams.counted_events(&ids).await else {
                continue;
            };
            current.extend(events);
        }
        let mut last = self.last();
        let rooms: HashSet<Room> = self.hub.rooms().into_iter().collect();
        last.retain(|room, _| rooms.contains(room));
        for (room, shown) in last.iter_mut() {
            let found = room.id().and_then(|id| current.get(id));
            let Some((event, revision)) = found else {
                continue;
            };
            let seats = Seats::of(event);
            let has_moved = shown.revision.is_some_and(|known| known != *revision);
            let event = match shown.seats != seats {
                true => Some(Event::new(SEATS, &seats)),
                false => {
                    has_moved.then(|| Event::new(WAITLIST, &json!({ "event_id": seats.event_id })))
                }
            };
            if let Some(Ok(event)) = event {
                self.hub.emit(room, event);
            }
            *shown = Shown {
                seats,
                revision: Some(*revision),
            };
        }
    }

    fn last(&self) -> MutexGuard<'_, HashMap<Room, Shown>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
