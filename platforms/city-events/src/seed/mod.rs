//! Something to look at: people, events and who goes to them, made through the same door that everybody uses. What is there already stays.

mod door;
mod events;

use std::net::SocketAddr;

use chrono::{DateTime, Duration, Timelike as _, Utc};

use door::{Door, Visitor};
use events::{EVENTS, Planned};

/// A service did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// No answer.
    #[error("the door does not answer")]
    Client(#[from] seaworthy::client::ClientError),
    /// The client could not be made.
    #[error("no client can be made")]
    Build(#[from] seaworthy::client::BuildError),
    /// The folder cannot be written.
    #[error("it cannot be written down that this was done")]
    Folder(#[from] seaworthy::service::private_files::PrivateFileError),
    /// An answer other than the one that was expected.
    #[error("{what} was answered with {status}: {code}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The status.
        status: u16,
        /// The code of the answer.
        code: String,
    },
}

/// The people of the first day, who host and go.
const PEOPLE: [&str; 7] = city_events_auth::SEED_USERS;

/// Puts people and events into a platform whose door is here. Whatever is there already is left as it is.
///
/// # Errors
/// [`SeedError`] of the first thing that could not be made.
pub async fn seed(door: SocketAddr) -> Result<(), SeedError> {
    let door = Door::new(door)?;
    let mut people = Vec::with_capacity(PEOPLE.len());
    for name in PEOPLE {
        people.push(door.enter(&format!("{name}@example.com")).await?);
    }
    let known = Known::of(&door, &people).await?;
    let mut to_join = Vec::new();
    for (place, planned) in EVENTS.iter().enumerate() {
        let host = place % people.len();
        let Some(host_visitor) = people.get(host) else {
            continue;
        };
        if known.has(planned) {
            continue;
        }
        let id = door.create(host_visitor, planned, begins(planned)).await?;
        if planned.is_published {
            door.publish(host_visitor, &id).await?;
            to_join.push((id, host, planned.going));
        }
    }
    for (id, host, going) in &to_join {
        let guests = people.iter().enumerate().filter(|(place, _)| place != host);
        for (_, guest) in guests.take(*going) {
            door.join(guest, id).await?;
        }
    }
    tracing::info!(
        people = people.len(),
        events = EVENTS.len(),
        "there is something to look at"
    );
    Ok(())
}

/// Titles that are there.
struct Known(Vec<String>);

impl Known {
    async fn of(door: &Door, people: &[Visitor]) -> Result<Self, SeedError> {
        let mut titles = Vec::new();
        for visitor in people {
            titles.extend(door.own_titles(visitor).await?);
        }
        Ok(Self(titles))
    }

    fn has(&self, planned: &Planned) -> bool {
        self.0.iter().any(|title| title == planned.title)
    }
}

/// So many days from today, at its hour.
fn begins(planned: &Planned) -> DateTime<Utc> {
    let day = Utc::now() + Duration::days(planned.in_days);
    let hour = day.with_hour(planned.hour).unwrap_or(day);
    let minute = hour.with_minute(0).unwrap_or(hour);
    minute
        .with_second(0)
        .and_then(|moment| moment.with_nanosecond(0))
        .unwrap_or(minute)
}
